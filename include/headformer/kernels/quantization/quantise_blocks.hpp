#pragma once

#include <cfloat>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "headformer/kernels/quantization/bytes.hpp"
#include "headformer/kernels/quantization/dequantise_blocks.hpp"
#include "headformer/kernels/quantization/rounding.hpp"

namespace headformer::kernels::quantization {

// The reference rounding of the formats of 32 elements a block. Layouts: dequantise_blocks.hpp.

/// 1 / scale, and 0 for a block of zeros. (A denormal scale gives infinity, which truncated() below makes quant 0.)
inline float reciprocal(float scale) { return scale != 0.0F ? 1.0F / scale : 0.0F; }

/// The element of largest magnitude, with its sign; the first of equals.
inline float extreme(const float* x, std::size_t count) {
  float magnitude = 0.0F;
  float value = 0.0F;
  for (std::size_t i = 0; i < count; ++i) {
    if (magnitude < std::abs(x[i])) {
      magnitude = std::abs(x[i]);
      value = x[i];
    }
  }
  return value;
}

struct Range {
  float least;
  float most;
};
inline Range range_of(const float* x) {
  Range range{FLT_MAX, -FLT_MAX};
  for (std::size_t i = 0; i < small_block; ++i) {
    if (x[i] < range.least) range.least = x[i];
    if (x[i] > range.most) range.most = x[i];
  }
  return range;
}

/// The integer part of (x - offset) / scale + shift, at most `most`: a shift that ends in a half rounds halves up.
inline void quantise_steps(const float* x, float offset, float scale, float shift, int most, std::uint8_t* quants) {
  float steps[small_block];
  scale_shifted<small_block>(x, offset, reciprocal(scale), steps);
  for (std::size_t i = 0; i < small_block; ++i) {
    const auto quant = static_cast<std::int8_t>(static_cast<std::uint8_t>(truncated(steps[i] + shift)));
    quants[i] = static_cast<std::uint8_t>(quant < most ? quant : most);
  }
}

inline void store_nibbles(const std::uint8_t* quants, std::byte* out) {
  for (std::size_t j = 0; j < small_block / 2; ++j)
    out[j] = static_cast<std::byte>((quants[j] & 0xfU) | ((quants[j + small_block / 2] & 0xfU) << 4));
}

inline void store_fifth_bits(const std::uint8_t* quants, std::byte* out) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < small_block; ++i) bits |= ((quants[i] >> 4) & 1U) << i;
  store(out, bits);
}

/// The element of largest magnitude becomes quant 0, which stands for -8.
inline void quantise_q4_0(const float* x, std::byte* block) {
  const float scale = extreme(x, small_block) / -8.0F;
  std::uint8_t quants[small_block];
  quantise_steps(x, 0.0F, scale, 8.5F, 15, quants);
  store_scale(block, scale);
  store_nibbles(quants, block + 2);
}

inline void quantise_q5_0(const float* x, std::byte* block) {
  const float scale = extreme(x, small_block) / -16.0F;
  std::uint8_t quants[small_block];
  quantise_steps(x, 0.0F, scale, 16.5F, 31, quants);
  store_scale(block, scale);
  store_fifth_bits(quants, block + 2);
  store_nibbles(quants, block + 6);
}

inline void quantise_q4_1(const float* x, std::byte* block) {
  const Range range = range_of(x);
  const float scale = (range.most - range.least) / 15.0F;
  std::uint8_t quants[small_block];
  quantise_steps(x, range.least, scale, 0.5F, 15, quants);
  store_scale(block, scale);
  store_scale(block + 2, range.least);
  store_nibbles(quants, block + 4);
}

inline void quantise_q5_1(const float* x, std::byte* block) {
  const Range range = range_of(x);
  const float scale = (range.most - range.least) / 31.0F;
  std::uint8_t quants[small_block];
  quantise_steps(x, range.least, scale, 0.5F, 31, quants);
  store_scale(block, scale);
  store_scale(block + 2, range.least);
  store_fifth_bits(quants, block + 4);
  store_nibbles(quants, block + 8);
}

inline void quantise_q8_0(const float* x, std::byte* block) {
  const float scale = std::abs(extreme(x, small_block)) / 127.0F;
  float steps[small_block];
  scale_shifted<small_block>(x, 0.0F, reciprocal(scale), steps);
  store_scale(block, scale);
  for (std::size_t i = 0; i < small_block; ++i)
    store(block + 2 + i, static_cast<std::int8_t>(static_cast<std::uint8_t>(rounded_away(steps[i]))));
}

}  // namespace headformer::kernels::quantization
