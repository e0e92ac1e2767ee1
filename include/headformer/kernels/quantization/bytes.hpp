#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "headformer/core/dtype.hpp"
#include "headformer/core/error.hpp"

namespace headformer::kernels::quantization {

/// Blocks lie at any address, so their fields are copied out rather than pointed at.
template <class T>
T load(const std::byte* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}
template <class T>
void store(std::byte* bytes, T value) {
  std::memcpy(bytes, &value, sizeof value);
}

inline unsigned byte_at(const std::byte* bytes, std::size_t i) { return std::to_integer<unsigned>(bytes[i]); }

/// A block's scale.
inline float load_half(const std::byte* bytes) { return static_cast<float>(load<float16>(bytes)); }

/// Throws ArgumentError for a scale that f16 cannot hold: the whole block would read as infinities.
inline void store_scale(std::byte* bytes, float scale) {
  const float16 half(scale);
  if ((half.bits & 0x7c00U) == 0x7c00U)
    throw ArgumentError(
        "quantise_row: expected values whose block's scale fits f16 (at most 65504), found a scale of " +
        std::to_string(scale));
  store(bytes, half);
}

}  // namespace headformer::kernels::quantization
