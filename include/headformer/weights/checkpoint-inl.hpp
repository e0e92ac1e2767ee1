#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/core/mapped_file.hpp"
#include "headformer/formats/gguf.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/formats/pytorch.hpp"
#include "headformer/formats/safetensors.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

// Beside a GGUF there are no files.
HEADFORMER_INLINE Checkpoint::Checkpoint() : files_([](const std::string&) { return Bytes(); }) {}

HEADFORMER_COLD HEADFORMER_INLINE Checkpoint Checkpoint::open(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) throw IoError(path.string() + ": no such file or folder");
  if (std::filesystem::is_directory(status)) return from_reader(folder_reader(path), path.string());
  return from_gguf(Bytes::map(path));
}

HEADFORMER_COLD HEADFORMER_INLINE Checkpoint Checkpoint::from_gguf(Bytes bytes) {
  Checkpoint checkpoint;
  checkpoint.name_ = checkpoint.tensors_name_ = bytes.name();
  checkpoint.gguf_ = std::make_shared<const Gguf>(Gguf::parse(std::move(bytes)));
  for (const TensorEntry& entry : checkpoint.gguf_->tensors()) checkpoint.tensors_.push_back(entry);
  checkpoint.build_index();
  return checkpoint;
}

HEADFORMER_COLD HEADFORMER_INLINE Checkpoint Checkpoint::from_reader(FileReader files, std::string name) {
  Checkpoint checkpoint;
  checkpoint.name_ = std::move(name);
  checkpoint.files_ = std::move(files);
  const Bytes config = checkpoint.require("config.json");
  checkpoint.config_ = std::make_shared<const Json>(parse_json(config));
  checkpoint.config_name_ = config.name();
  checkpoint.read_tensors();
  checkpoint.build_index();
  return checkpoint;
}

HEADFORMER_COLD HEADFORMER_INLINE FileReader Checkpoint::folder_reader(const std::filesystem::path& folder) {
  return headformer::folder_reader(folder);
}

HEADFORMER_INLINE JsonObject Checkpoint::config() const { return JsonObject(*config_, config_name_); }

HEADFORMER_INLINE std::string Checkpoint::architecture() const {
  if (is_gguf()) return std::string(gguf_->string("general.architecture"));
  const auto names = config().strings("architectures");
  if (names.empty()) throw ConfigError(config_name_ + ": architectures: expected a class name, found an empty list");
  return names.front();
}

HEADFORMER_INLINE const TensorEntry* Checkpoint::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

HEADFORMER_COLD HEADFORMER_INLINE Checkpoint Checkpoint::with_tensors(std::span<const TensorEntry> tensors) const {
  Checkpoint copy = *this;
  for (const TensorEntry& tensor : tensors) {
    const auto found = copy.index_.find(tensor.name);
    if (found == copy.index_.end())
      throw WeightError(tensor.bytes.name() + ": " + detail::quoted(tensor.name) + ": expected a tensor of " +
                        tensors_name_ + ", found none of that name");
    copy.tensors_[found->second] = tensor;
  }
  return copy;
}

HEADFORMER_INLINE Bytes Checkpoint::require(const std::string& file) const {
  Bytes bytes = files_(file);
  if (bytes.name().empty()) throw IoError(name_ + ": expected a file " + file + ", found none");
  return bytes;
}

HEADFORMER_INLINE void Checkpoint::read_tensors() {
  if (const Bytes single = files_("model.safetensors"); !single.name().empty()) {
    tensors_name_ = single.name();
    return add(Safetensors::parse(single).tensors());
  }
  if (const Bytes index = files_("model.safetensors.index.json"); !index.name().empty())
    return read_shards(index, [](Bytes shard) { return Safetensors::parse(std::move(shard)); });
  if (const Bytes single = files_("pytorch_model.bin"); !single.name().empty()) {
    tensors_name_ = single.name();
    return add(PyTorchFile::parse(single).tensors());
  }
  if (const Bytes index = files_("pytorch_model.bin.index.json"); !index.name().empty())
    return read_shards(index, [](Bytes shard) { return PyTorchFile::parse(std::move(shard)); });
  throw IoError(
      name_ +
      ": expected model.safetensors, pytorch_model.bin or an index of their shards (model.safetensors.index.json, "
      "pytorch_model.bin.index.json), found none");
}

template <class Parse>
void Checkpoint::read_shards(const Bytes& index, Parse parse) {
  tensors_name_ = index.name();
  const std::map<std::string, std::string> weight_map = parse_shard_index(index);
  for (const std::string& file : shard_files(weight_map)) add(parse(require(file)).tensors());
  build_index();
  for (const auto& [tensor, file] : weight_map) {
    const TensorEntry* entry = find(tensor);
    if (entry == nullptr)
      throw WeightError(index.name() + ": " + detail::quoted(tensor) + ": expected in " + file +
                        ", found no such tensor");
  }
}

HEADFORMER_INLINE void Checkpoint::add(std::span<const TensorEntry> tensors) {
  tensors_.insert(tensors_.end(), tensors.begin(), tensors.end());
}

HEADFORMER_INLINE void Checkpoint::build_index() {
  index_.clear();
  index_.reserve(tensors_.size());
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    if (!index_.emplace(tensors_[i].name, i).second) {
      throw FormatError(tensors_[i].bytes.name() + ": tensor " + detail::quoted(tensors_[i].name) + " is there twice");
    }
  }
}

}  // namespace headformer
