#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <headformer/formats/safetensors.hpp>
#include <headformer/formats/safetensors_writer.hpp>
#include <headformer/formats/tensor_entry.hpp>
#include <headformer/models/model.hpp>
#include <string>
#include <variant>
#include <vector>

namespace program {

inline bool is_integers(const headformer::TensorEntry& entry) {
  return entry.dtype == headformer::DType::i64 || entry.dtype == headformer::DType::i32;
}

/// The elements of an I64 or I32 tensor; a file's bytes need not be aligned.
inline std::vector<std::int64_t> integers(const headformer::TensorEntry& entry) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(entry.shape.count()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (entry.dtype == headformer::DType::i64) {
      std::memcpy(&values[i], entry.bytes.data() + i * sizeof values[i], sizeof values[i]);
    } else {
      std::int32_t narrow = 0;
      std::memcpy(&narrow, entry.bytes.data() + i * sizeof narrow, sizeof narrow);
      values[i] = narrow;
    }
  }
  return values;
}

/// The tensors of a file as forward() takes them. Throws ArgumentError for a type that is none of F32, I64 and I32.
inline headformer::NamedTensors read_tensors(const std::filesystem::path& path) {
  using namespace headformer;
  const Safetensors file = Safetensors::parse(Bytes::map(path));
  NamedTensors inputs;
  for (const TensorEntry& entry : file.tensors()) {
    const auto count = static_cast<std::size_t>(entry.shape.count());
    if (entry.dtype == DType::f32) {
      Tensor<float> tensor(entry.shape);
      if (count > 0) std::memcpy(tensor.data(), entry.bytes.data(), count * sizeof(float));
      inputs.emplace(entry.name, std::move(tensor));
    } else if (is_integers(entry)) {
      Tensor<std::int64_t> tensor(entry.shape);
      const std::vector<std::int64_t> values = integers(entry);
      std::copy(values.begin(), values.end(), tensor.data());
      inputs.emplace(entry.name, std::move(tensor));
    } else {
      throw ArgumentError(path.string() + ": tensor " + entry.name + ": expected F32, I64 or I32, found " +
                          std::string(name_of(entry.dtype)));
    }
  }
  return inputs;
}

/// A model's inputs or outputs as a file.
inline void write_tensors(const std::filesystem::path& path, const headformer::NamedTensors& named) {
  std::vector<headformer::NamedTensor> tensors;
  for (const auto& [name, value] : named) {
    std::visit(
        [&, &key = name](const auto& tensor) {
          constexpr bool floats = std::is_same_v<std::decay_t<decltype(tensor)>, headformer::Tensor<float>>;
          const headformer::DType type = floats ? headformer::DType::f32 : headformer::DType::i64;
          tensors.push_back({key, type, tensor.shape(), tensor.data()});
        },
        value);
  }
  headformer::write_safetensors(path, tensors);
}

}  // namespace program
