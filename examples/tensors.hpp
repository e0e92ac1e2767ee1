#pragma once

#include <cstdint>
#include <cstring>
#include <headformer/formats/tensor_entry.hpp>
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

}  // namespace program
