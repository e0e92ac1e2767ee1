#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "headformer/core/mapped_file.hpp"
#include "headformer/formats/gguf.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/formats/tensor_entry.hpp"

namespace headformer {

/// A checkpoint as it was published: a config and named tensors, mapped and not copied. Immutable; copies share.
///
/// Two kinds are read: a Hugging Face folder (config.json beside model.safetensors, else pytorch_model.bin, or shards
/// of either) and a GGUF file.
class Checkpoint {
 public:
  /// A folder or a .gguf file. Throws IoError, FormatError.
  static Checkpoint open(const std::filesystem::path& path);

  /// A GGUF file's bytes, wherever they live.
  static Checkpoint from_gguf(Bytes bytes);

  /// A Hugging Face folder that `files` answers for; `name` stands for its path in messages.
  static Checkpoint from_reader(FileReader files, std::string name);

  /// Answers for the files of a folder on disk. A link that leads nowhere is a file that cannot be read, not none.
  static FileReader folder_reader(const std::filesystem::path& folder);

  /// The path, or the name the caller gave.
  const std::string& name() const { return name_; }
  /// What names the tensors, for messages about one that is missing: a GGUF, a file of weights or its index.
  const std::string& tensors_name() const { return tensors_name_; }
  bool is_gguf() const { return gguf_ != nullptr; }
  /// Only when is_gguf().
  const Gguf& gguf() const { return *gguf_; }
  /// config.json; only when not is_gguf().
  JsonObject config() const;
  /// The other files of the folder (tokenizer.json, generation_config.json, ...); none beside a GGUF.
  const FileReader& files() const { return files_; }

  /// What decides the family: the first of config.json's `architectures`, or GGUF's `general.architecture`.
  std::string architecture() const;

  /// The same with the tensors of another file in the place of those of their names. Throws WeightError for one that
  /// is none of the checkpoint's.
  Checkpoint with_tensors(std::span<const TensorEntry> tensors) const;

  const std::vector<TensorEntry>& tensors() const { return tensors_; }
  /// nullptr when there is none of that name.
  const TensorEntry* find(std::string_view name) const;

 private:
  Checkpoint();

  Bytes require(const std::string& file) const;

  void read_tensors();
  template <class Parse>
  void read_shards(const Bytes& index, Parse parse);
  void add(std::span<const TensorEntry> tensors);

  void build_index();

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  std::string name_;
  std::string tensors_name_;
  std::string config_name_;
  FileReader files_;
  std::shared_ptr<const Gguf> gguf_;
  std::shared_ptr<const Json> config_;
  std::vector<TensorEntry> tensors_;
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> index_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/weights/checkpoint-inl.hpp"
#endif
