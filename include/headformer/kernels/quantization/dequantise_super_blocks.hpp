#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "headformer/core/dtype.hpp"
#include "headformer/kernels/quantization/bytes.hpp"
#include "headformer/kernels/quantization/dequantise_blocks.hpp"

namespace headformer::kernels::quantization {

// The formats of 256 elements a super-block: an f16 scale d (and dmin) for all, and small integers that scale (and
// offset) each sub-block of 16 or 32.

inline constexpr std::size_t super_block = 256;

/// The eight 6-bit scales and 6-bit offsets of Q4_K and Q5_K, packed in 12 bytes: the first four of each are the low 6
/// bits of bytes 0-3 and 4-7; the last four have their low nibbles in bytes 8-11 (scale low, offset high) and their
/// upper two bits on top of bytes 0-3 and 4-7.
struct SixBitScales {
  std::array<std::uint8_t, 8> scale;
  std::array<std::uint8_t, 8> offset;

  static SixBitScales load(const std::byte* packed) {
    SixBitScales result;
    for (std::size_t i = 0; i < 4; ++i) {
      const unsigned a = byte_at(packed, i);
      const unsigned b = byte_at(packed, i + 4);
      const unsigned c = byte_at(packed, i + 8);
      result.scale[i] = static_cast<std::uint8_t>(a & 0x3fU);
      result.offset[i] = static_cast<std::uint8_t>(b & 0x3fU);
      result.scale[i + 4] = static_cast<std::uint8_t>((c & 0xfU) | ((a >> 6) << 4));
      result.offset[i + 4] = static_cast<std::uint8_t>((c >> 4) | ((b >> 6) << 4));
    }
    return result;
  }

  void store(std::byte* packed) const {
    for (std::size_t i = 0; i < 4; ++i) {
      const unsigned scale_high = scale[i + 4];
      const unsigned offset_high = offset[i + 4];
      packed[i] = static_cast<std::byte>(scale[i] | ((scale_high >> 4) << 6));
      packed[i + 4] = static_cast<std::byte>(offset[i] | ((offset_high >> 4) << 6));
      packed[i + 8] = static_cast<std::byte>((scale_high & 0xfU) | ((offset_high & 0xfU) << 4));
    }
  }
};

/// 16 sub-blocks of 16: a byte each, scale low and offset high; 2-bit quants; d and dmin last.
struct Q2K {
  static void dequantise(const std::byte* block, float* out) {
    const std::byte* quants = block + 16;
    const float d = load_half(block + 80);
    const float dmin = load_half(block + 82);
    for (std::size_t i = 0; i < super_block / 16; ++i) {
      const unsigned packed = byte_at(block, i);
      const float scale = d * as_float(packed & 0xfU);
      const float offset = dmin * as_float(packed >> 4);
      // Each 32 bytes hold four runs of 32 elements, the first in the lowest bits.
      const std::byte* run = quants + i / 8 * 32 + i % 2 * 16;
      const unsigned shift = static_cast<unsigned>(i / 2 % 4) * 2;
      for (std::size_t l = 0; l < 16; ++l) out[16 * i + l] = scale * as_float((byte_at(run, l) >> shift) & 3U) - offset;
    }
  }
};

/// 16 sub-blocks of 16: 6-bit scales less 32; 3-bit quants, the third bit apart: clear means 4 less.
struct Q3K {
  static void dequantise(const std::byte* block, float* out) {
    const std::byte* high_bits = block;
    const std::byte* quants = block + 32;
    const std::byte* scales = block + 96;
    const float d = load_half(block + 108);
    for (std::size_t i = 0; i < super_block / 16; ++i) {
      const unsigned low = (byte_at(scales, i % 8) >> (i / 8 * 4)) & 0xfU;
      const unsigned high = (byte_at(scales, 8 + i % 4) >> (i / 4 * 2)) & 3U;
      const float scale = d * (as_float(low | (high << 4)) - 32.0F);
      const std::byte* run = quants + i / 8 * 32 + i % 2 * 16;
      const unsigned shift = static_cast<unsigned>(i / 2 % 4) * 2;
      for (std::size_t l = 0; l < 16; ++l) {
        const unsigned bit = (byte_at(high_bits, i % 2 * 16 + l) >> (i / 2)) & 1U;
        out[16 * i + l] = scale * (as_float(((byte_at(run, l) >> shift) & 3U) | (bit << 2)) - 4.0F);
      }
    }
  }
};

/// 8 sub-blocks of 32: d, dmin, scales and offsets, nibbles: each 32 bytes hold a sub-block low and the next one high.
struct Q4K {
  static void dequantise(const std::byte* block, float* out) {
    const float d = load_half(block);
    const float dmin = load_half(block + 2);
    const SixBitScales scales = SixBitScales::load(block + 4);
    const std::byte* quants = block + 16;
    for (std::size_t i = 0; i < 8; ++i) {
      const float scale = d * static_cast<float>(scales.scale[i]);
      const float offset = dmin * static_cast<float>(scales.offset[i]);
      const std::byte* run = quants + i / 2 * 32;
      const unsigned shift = static_cast<unsigned>(i % 2) * 4;
      for (std::size_t l = 0; l < 32; ++l)
        out[32 * i + l] = scale * as_float((byte_at(run, l) >> shift) & 0xfU) - offset;
    }
  }
};

/// As Q4_K, with the fifth bits before the nibbles: bit i of byte l is that of element l of sub-block i.
struct Q5K {
  static void dequantise(const std::byte* block, float* out) {
    const float d = load_half(block);
    const float dmin = load_half(block + 2);
    const SixBitScales scales = SixBitScales::load(block + 4);
    const std::byte* high_bits = block + 16;
    const std::byte* quants = block + 48;
    for (std::size_t i = 0; i < 8; ++i) {
      const float scale = d * static_cast<float>(scales.scale[i]);
      const float offset = dmin * static_cast<float>(scales.offset[i]);
      const std::byte* run = quants + i / 2 * 32;
      const unsigned shift = static_cast<unsigned>(i % 2) * 4;
      for (std::size_t l = 0; l < 32; ++l) {
        const unsigned bit = (byte_at(high_bits, l) >> i) & 1U;
        out[32 * i + l] = scale * as_float(((byte_at(run, l) >> shift) & 0xfU) | (bit << 4)) - offset;
      }
    }
  }
};

/// 16 sub-blocks of 16 with int8 scales; 6-bit quants less 32. In each half of 128 elements, 64 bytes hold the low
/// nibbles of elements 0-63 (low) and 64-127 (high), and 32 bytes the upper bits of four runs of 32.
struct Q6K {
  static void dequantise(const std::byte* block, float* out) {
    const std::byte* low_bits = block;
    const std::byte* high_bits = block + 128;
    const std::byte* scales = block + 192;
    const float d = load_half(block + 208);
    for (std::size_t i = 0; i < super_block / 16; ++i) {
      const float scale = d * static_cast<float>(load<std::int8_t>(scales + i));
      const std::size_t half = i / 8;
      const std::byte* low = low_bits + half * 64 + i % 4 * 16;
      const std::byte* high = high_bits + half * 32 + i % 2 * 16;
      const unsigned low_shift = static_cast<unsigned>(i / 4 % 2) * 4;
      const unsigned high_shift = static_cast<unsigned>(i / 2 % 4) * 2;
      for (std::size_t l = 0; l < 16; ++l) {
        const unsigned quant = ((byte_at(low, l) >> low_shift) & 0xfU) | (((byte_at(high, l) >> high_shift) & 3U) << 4);
        out[16 * i + l] = scale * (as_float(quant) - 32.0F);
      }
    }
  }
};

/// 8 sub-blocks of 32, each as in IQ4_NL, with 6-bit scales less 32: upper bits in a word, low nibbles in 4 bytes.
struct Iq4Xs {
  static void dequantise(const std::byte* block, float* out) {
    const float d = load_half(block);
    const auto scales_high = load<std::uint16_t>(block + 2);
    const std::byte* scales_low = block + 4;
    for (std::size_t i = 0; i < 8; ++i) {
      const unsigned low = (byte_at(scales_low, i / 2) >> (i % 2 * 4)) & 0xfU;
      const unsigned high = (static_cast<unsigned>(scales_high) >> (2 * i)) & 3U;
      const float scale = d * (as_float(low | (high << 4)) - 32.0F);
      unpack_nibbles(block + 8 + 16 * i, out + 32 * i,
                     [=](unsigned q, std::size_t) { return scale * static_cast<float>(iq4_values[q]); });
    }
  }
};

}  // namespace headformer::kernels::quantization
