#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "headformer/core/dtype.hpp"
#include "headformer/kernels/quantization/bytes.hpp"

namespace headformer::kernels::quantization {

// The formats of 32 elements a block: one f16 scale d, in the "_1" formats an f16 offset m, and the quants. Nibbles of
// byte j are elements j (low) and j + 16 (high).
//
// In every format of this and of the next file the product of scales and quant has at most 24 significant bits, so it
// is exact in f32 and it makes no difference whether a compiler fuses it with the addition that follows.

inline constexpr std::size_t small_block = 32;

/// The values of the non-linear 4-bit formats, by quant.
inline constexpr std::int8_t iq4_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                               1,    13,   25,  38,  53,  69,  89,  113};
/// Twice the values of E2M1 (OCP Microscaling Formats 1.0): one sign bit, two of exponent, one of mantissa.
inline constexpr std::int8_t e2m1_doubled[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

/// Calls out[i] = value(nibble, i) for the 32 elements of 16 bytes.
template <class Value>
void unpack_nibbles(const std::byte* nibbles, float* out, Value value) {
  for (std::size_t j = 0; j < small_block / 2; ++j) {
    const unsigned byte = byte_at(nibbles, j);
    out[j] = value(byte & 0xfU, j);
    out[j + small_block / 2] = value(byte >> 4, j + small_block / 2);
  }
}

inline float as_float(unsigned quant) { return static_cast<float>(static_cast<int>(quant)); }

struct Q4_0 {
  static void dequantise(const std::byte* block, float* out) {
    const float d = load_half(block);
    unpack_nibbles(block + 2, out, [=](unsigned q, std::size_t) { return d * (as_float(q) - 8.0F); });
  }
};

struct Q4_1 {
  static void dequantise(const std::byte* block, float* out) {
    const float d = load_half(block);
    const float m = load_half(block + 2);
    unpack_nibbles(block + 4, out, [=](unsigned q, std::size_t) { return d * as_float(q) + m; });
  }
};

/// The fifth bits of all elements are a word of 32 bits before the nibbles.
struct Q5_0 {
  static void dequantise(const std::byte* block, float* out) {
    const float d = load_half(block);
    const auto high = load<std::uint32_t>(block + 2);
    unpack_nibbles(block + 6, out,
                   [=](unsigned q, std::size_t i) { return d * (as_float(q | (((high >> i) & 1U) << 4)) - 16.0F); });
  }
};

struct Q5_1 {
  static void dequantise(const std::byte* block, float* out) {
    const float d = load_half(block);
    const float m = load_half(block + 2);
    const auto high = load<std::uint32_t>(block + 4);
    unpack_nibbles(block + 8, out,
                   [=](unsigned q, std::size_t i) { return d * as_float(q | (((high >> i) & 1U) << 4)) + m; });
  }
};

struct Q8_0 {
  static void dequantise(const std::byte* block, float* out) {
    const float d = load_half(block);
    for (std::size_t i = 0; i < small_block; ++i) out[i] = d * static_cast<float>(load<std::int8_t>(block + 2 + i));
  }
};

struct Iq4Nl {
  static void dequantise(const std::byte* block, float* out) {
    const float d = load_half(block);
    unpack_nibbles(block + 2, out, [=](unsigned q, std::size_t) { return d * static_cast<float>(iq4_values[q]); });
  }
};

/// The scale is a power of two: E8M0, an exponent biased by 127. Half of it, for the doubled values.
struct Mxfp4 {
  static void dequantise(const std::byte* block, float* out) {
    const auto exponent = static_cast<std::uint32_t>(byte_at(block, 0));
    const float d = std::bit_cast<float>(exponent < 2 ? 0x00200000U << exponent : (exponent - 1) << 23);
    unpack_nibbles(block + 1, out, [=](unsigned q, std::size_t) { return d * static_cast<float>(e2m1_doubled[q]); });
  }
};

}  // namespace headformer::kernels::quantization
