#pragma once

#include <cstring>
#include <filesystem>
#include <headformer/formats/json.hpp>
#include <headformer/formats/safetensors.hpp>
#include <headformer/formats/safetensors_writer.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

namespace headformer::testing {

/// A tensor's bytes, to be changed at will.
struct StoredTensor {
  DType dtype = DType::f32;
  Shape shape;
  std::vector<std::byte> bytes;

  static StoredTensor of(const TensorEntry& entry) {
    return {entry.dtype, entry.shape, {entry.bytes.data(), entry.bytes.data() + entry.bytes.size()}};
  }
  static StoredTensor of(const Shape& shape, const std::vector<float>& values) {
    StoredTensor tensor{DType::f32, shape, std::vector<std::byte>(values.size() * sizeof(float))};
    std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
    return tensor;
  }
  /// Zeros.
  static StoredTensor zeros(DType dtype, const Shape& shape) {
    return {dtype, shape, std::vector<std::byte>(static_cast<std::size_t>(shape.count()) * block_bytes(dtype))};
  }
  std::vector<float> floats() const {
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
};

using StoredTensors = std::map<std::string, StoredTensor>;

inline void write_tensors(const std::filesystem::path& path, const StoredTensors& tensors) {
  std::vector<NamedTensor> list;
  for (const auto& [name, tensor] : tensors) list.push_back({name, tensor.dtype, tensor.shape, tensor.bytes.data()});
  write_safetensors(path, list);
}

/// A Hugging Face folder in memory: read one, change it, write it elsewhere.
struct SmallCheckpoint {
  Json config;
  StoredTensors tensors;

  static SmallCheckpoint read(const std::filesystem::path& folder) {
    SmallCheckpoint result;
    result.config = parse_json(Bytes::map(folder / "config.json"));
    const Safetensors file = Safetensors::parse(Bytes::map(folder / "model.safetensors"));
    for (const TensorEntry& entry : file.tensors()) result.tensors.emplace(entry.name, StoredTensor::of(entry));
    return result;
  }

  void write(const TemporaryFolder& folder) const {
    folder.write("config.json", config.dump());
    write_tensors(folder / "model.safetensors", tensors);
  }
};

}  // namespace headformer::testing
