#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/mapped_file.hpp"
#include "headformer/formats/tensor_entry.hpp"

namespace headformer {

/// A safetensors file seen in place (https://github.com/huggingface/safetensors#format): the header is parsed, no
/// tensor is copied. Every promise of the format is checked before anything can be used.
class Safetensors {
 public:
  /// The format's own bound of the header.
  static constexpr std::uint64_t header_limit = 100'000'000;

  /// Throws FormatError, naming the file and the tensor, unless: the header's length is within the limit and the file;
  /// the header is a JSON object of distinct names; every dtype is known, every shape has at most five dimensions and
  /// no overflow; every tensor's bytes are as many as its shape and dtype say; together they cover the rest of the
  /// file without hole or overlap.
  static Safetensors parse(Bytes file);

  const Bytes& file() const { return file_; }
  /// In the order of their bytes.
  std::span<const TensorEntry> tensors() const { return tensors_.entries(); }
  /// nullptr when there is none of this name.
  const TensorEntry* find(std::string_view name) const { return tensors_.find(name); }
  /// The header's "__metadata__"; empty when it has none.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  Bytes file_;
  detail::TensorTable tensors_;
  std::map<std::string, std::string> metadata_;
};

/// Reads the index of a sharded checkpoint (model.safetensors.index.json): tensor name -> file name. Throws FormatError
/// when it is no such index, and for a file name that could lead out of the index's folder.
std::map<std::string, std::string> parse_shard_index(const Bytes& index_json);

/// The files that an index names, each once, in order.
std::vector<std::string> shard_files(const std::map<std::string, std::string>& weight_map);

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/formats/safetensors-inl.hpp"
#endif
