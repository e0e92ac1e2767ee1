#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "headformer/core/mapped_file.hpp"
#include "headformer/formats/gguf.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/formats/safetensors.hpp"

namespace headformer {

/// A checkpoint as it was published: a config and named tensors, mapped and not copied. Immutable; copies share.
///
/// Two kinds are read: a Hugging Face folder (config.json beside model.safetensors or its shards) and a GGUF file.
class Checkpoint {
 public:
  /// A folder or a .gguf file. Throws IoError, FormatError.
  static Checkpoint open(const std::filesystem::path& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) throw IoError(path.string() + ": no such file or folder");
    if (std::filesystem::is_directory(status)) return from_reader(folder_reader(path), path.string());
    return from_gguf(Bytes::map(path));
  }

  /// A GGUF file's bytes, wherever they live.
  static Checkpoint from_gguf(Bytes bytes) {
    Checkpoint checkpoint;
    checkpoint.name_ = checkpoint.tensors_name_ = bytes.name();
    checkpoint.gguf_ = std::make_shared<const Gguf>(Gguf::parse(std::move(bytes)));
    for (const TensorEntry& entry : checkpoint.gguf_->tensors()) checkpoint.tensors_.push_back(entry);
    checkpoint.build_index();
    return checkpoint;
  }

  /// A Hugging Face folder that `files` answers for; `name` stands for its path in messages.
  static Checkpoint from_reader(FileReader files, std::string name) {
    Checkpoint checkpoint;
    checkpoint.name_ = std::move(name);
    checkpoint.files_ = std::move(files);
    const Bytes config = checkpoint.require("config.json");
    checkpoint.config_ = std::make_shared<const Json>(parse_json(config));
    checkpoint.config_name_ = config.name();
    checkpoint.read_safetensors();
    checkpoint.build_index();
    return checkpoint;
  }

  /// Answers for the files of a folder on disk. A link that leads nowhere is a file that cannot be read, not none.
  static FileReader folder_reader(const std::filesystem::path& folder) {
    return [folder](const std::string& name) {
      const std::filesystem::path path = folder / name;
      std::error_code error;
      return std::filesystem::exists(std::filesystem::symlink_status(path, error)) ? Bytes::map(path) : Bytes();
    };
  }

  /// The path, or the name the caller gave.
  const std::string& name() const { return name_; }
  /// What names the tensors, for messages about one that is missing: a GGUF, model.safetensors or its index.
  const std::string& tensors_name() const { return tensors_name_; }
  bool is_gguf() const { return gguf_ != nullptr; }
  /// Only when is_gguf().
  const Gguf& gguf() const { return *gguf_; }
  /// config.json; only when not is_gguf().
  JsonObject config() const { return JsonObject(*config_, config_name_); }
  /// The other files of the folder (tokenizer.json, generation_config.json, ...); none beside a GGUF.
  const FileReader& files() const { return files_; }

  /// What decides the family: the first of config.json's `architectures`, or GGUF's `general.architecture`.
  std::string architecture() const {
    if (is_gguf()) return std::string(gguf_->string("general.architecture"));
    const auto names = config().strings("architectures");
    if (names.empty()) throw ConfigError(config_name_ + ": architectures: expected a class name, found an empty list");
    return names.front();
  }

  const std::vector<TensorEntry>& tensors() const { return tensors_; }
  /// nullptr when there is none of that name.
  const TensorEntry* find(std::string_view name) const {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &tensors_[found->second];
  }

 private:
  Bytes require(const std::string& file) const {
    Bytes bytes = files_(file);
    if (bytes.name().empty()) throw IoError(name_ + ": expected a file " + file + ", found none");
    return bytes;
  }

  void read_safetensors() {
    if (const Bytes single = files_("model.safetensors"); !single.name().empty()) {
      tensors_name_ = single.name();
      add(Safetensors::parse(single));
      return;
    }
    const Bytes index = files_("model.safetensors.index.json");
    if (index.name().empty()) {
      throw IoError(name_ + ": expected model.safetensors or model.safetensors.index.json, found neither");
    }
    tensors_name_ = index.name();
    const std::map<std::string, std::string> weight_map = parse_shard_index(index);
    std::unordered_map<std::string, bool> read;
    for (const auto& [tensor, file] : weight_map) {
      if (read.emplace(file, true).second) add(Safetensors::parse(require(file)));
    }
    build_index();
    for (const auto& [tensor, file] : weight_map) {
      const TensorEntry* entry = find(tensor);
      if (entry == nullptr)
        throw WeightError(index.name() + ": " + detail::quoted(tensor) + ": expected in " + file +
                          ", found no such tensor");
    }
  }

  void add(const Safetensors& file) {
    for (const TensorEntry& entry : file.tensors()) tensors_.push_back(entry);
  }

  void build_index() {
    index_.clear();
    index_.reserve(tensors_.size());
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      if (!index_.emplace(tensors_[i].name, i).second) {
        throw FormatError(tensors_[i].bytes.name() + ": tensor " + detail::quoted(tensors_[i].name) +
                          " is there twice");
      }
    }
  }

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  std::string name_;
  std::string tensors_name_;
  std::string config_name_;
  FileReader files_ = [](const std::string&) { return Bytes(); };
  std::shared_ptr<const Gguf> gguf_;
  std::shared_ptr<const Json> config_;
  std::vector<TensorEntry> tensors_;
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> index_;
};

}  // namespace headformer
