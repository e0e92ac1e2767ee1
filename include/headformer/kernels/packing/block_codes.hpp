#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "headformer/core/dtype.hpp"

namespace headformer::kernels::detail {

/// One block of a quantised row taken apart: unsigned codes in the order of k, and the scales as the file has them.
/// (Layouts: https://github.com/ggml-org/ggml, ggml-common.h.)
struct BlockCodes {
  std::uint8_t codes[256];
  std::byte sub_scales[16];
  std::byte sub_minima[16];
  std::uint16_t scale;    ///< bits of f16 d, or mxfp4's exponent
  std::uint16_t minimum;  ///< bits of f16 m or dmin
};

inline std::uint16_t read_u16(const std::byte* p) {
  std::uint16_t value = 0;
  std::memcpy(&value, p, sizeof value);
  return value;
}
inline unsigned read_u8(const std::byte* p) { return std::to_integer<unsigned>(*p); }

/// Eight bytes at a time, each for itself: a checkpoint has a code for every weight.
inline std::uint64_t read_eight(const std::byte* p) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, p, sizeof bytes);
  return bytes;
}
inline void write_eight(std::uint8_t* p, std::uint64_t bytes) { std::memcpy(p, &bytes, sizeof bytes); }
/// The same byte eight times.
constexpr std::uint64_t each(std::uint64_t byte) { return byte * 0x0101010101010101U; }
/// Bit i of the lowest byte becomes the lowest bit of byte i.
constexpr std::uint64_t spread_bits(std::uint64_t bits) {
  const std::uint64_t alone = each(bits & 255U) & 0x8040201008040201U;
  return ((alone + each(0x7f)) >> 7) & each(1);
}

/// 32 codes from 16 bytes: the low nibbles first, then the high ones; each may have a fifth bit in `high`, bit k.
inline void read_nibble_halves(const std::byte* nibbles, std::uint32_t high, std::uint8_t* codes) {
  for (unsigned i = 0; i < 16; i += 8) {
    const std::uint64_t bytes = read_eight(nibbles + i);
    write_eight(codes + i, (bytes & each(15)) | (spread_bits(high >> i) << 4));
    write_eight(codes + i + 16, ((bytes >> 4) & each(15)) | (spread_bits(high >> (i + 16)) << 4));
  }
}

inline std::uint32_t read_u32(const std::byte* p) {
  std::uint32_t value = 0;
  std::memcpy(&value, p, sizeof value);
  return value;
}

/// Q4_K's and Q5_K's twelve bytes: eight 6-bit scales and eight 6-bit minima.
inline void read_k_scales(const std::byte* packed, BlockCodes& out) {
  for (std::size_t i = 0; i < 4; ++i) {
    const unsigned scale = read_u8(packed + i);
    const unsigned minimum = read_u8(packed + 4 + i);
    const unsigned low = read_u8(packed + 8 + i);
    out.sub_scales[i] = static_cast<std::byte>(scale & 63U);
    out.sub_minima[i] = static_cast<std::byte>(minimum & 63U);
    out.sub_scales[i + 4] = static_cast<std::byte>((low & 15U) | ((scale >> 6) << 4));
    out.sub_minima[i + 4] = static_cast<std::byte>((low >> 4) | ((minimum >> 6) << 4));
  }
}

/// 256 two-bit codes from 64 bytes: 128 at a time, 32 bytes give four runs of 32.
inline void read_two_bits(const std::byte* packed, std::uint8_t* codes) {
  for (unsigned i = 0; i < 256; i += 8) {
    const unsigned half = i / 128;
    const unsigned run = i % 128 / 32;
    write_eight(codes + i, (read_eight(packed + half * 32 + i % 32) >> (2 * run)) & each(3));
  }
}

/// 256 four-bit codes from 128 bytes: 32 bytes give 32 low nibbles, then 32 high ones.
inline void read_nibble_runs(const std::byte* packed, std::uint8_t* codes) {
  for (unsigned i = 0; i < 256; i += 8) {
    write_eight(codes + i, (read_eight(packed + i / 64 * 32 + i % 32) >> (i % 64 < 32 ? 0 : 4)) & each(15));
  }
}

/// One more bit for each of 256 codes: that of run r (32 weights) is bit r of 32 bytes.
inline void add_run_bits(const std::byte* packed, int place, std::uint8_t* codes) {
  for (unsigned i = 0; i < 256; i += 8) {
    std::uint64_t low = 0;
    std::memcpy(&low, codes + i, sizeof low);
    write_eight(codes + i, low | (((read_eight(packed + i % 32) >> (i / 32)) & each(1)) << place));
  }
}

inline void read_q3_k(const std::byte* block, BlockCodes& out) {
  read_two_bits(block + 32, out.codes);
  add_run_bits(block, 2, out.codes);
  // Sixteen 6-bit scales less 32: low nibbles in eight bytes, high pairs in four.
  for (unsigned i = 0; i < 16; ++i) {
    const unsigned byte = read_u8(block + 96 + i % 8);
    const unsigned low = i < 8 ? byte & 15U : byte >> 4;
    const unsigned high = (read_u8(block + 104 + i % 4) >> (2 * (i / 4))) & 3U;
    out.sub_scales[i] = static_cast<std::byte>((low | (high << 4)) - 32U);
  }
  out.scale = read_u16(block + 108);
}

inline void read_q6_k(const std::byte* block, BlockCodes& out) {
  // 128 weights at a time: 64 bytes of low nibbles (the low ones first), 32 bytes of high pairs.
  for (unsigned i = 0; i < 256; i += 8) {
    const unsigned half = i / 128;
    const unsigned inside = i % 128;
    const std::uint64_t low = read_eight(block + half * 64 + inside % 64) >> (inside < 64 ? 0 : 4);
    const std::uint64_t high = read_eight(block + 128 + half * 32 + inside % 32) >> (2 * (inside / 32));
    write_eight(out.codes + i, (low & each(15)) | ((high & each(3)) << 4));
  }
  std::memcpy(out.sub_scales, block + 192, 16);
  out.scale = read_u16(block + 208);
}

/// Takes one block apart. `dtype` is quantised; `block` has block_bytes(dtype) bytes.
inline void read_block_codes(DType dtype, const std::byte* block, BlockCodes& out) {
  switch (dtype) {
    case DType::q4_0:
    case DType::iq4_nl:
      out.scale = read_u16(block);
      read_nibble_halves(block + 2, 0, out.codes);
      return;
    case DType::q4_1:
      out.scale = read_u16(block);
      out.minimum = read_u16(block + 2);
      read_nibble_halves(block + 4, 0, out.codes);
      return;
    case DType::q5_0:
      out.scale = read_u16(block);
      read_nibble_halves(block + 6, read_u32(block + 2), out.codes);
      return;
    case DType::q5_1:
      out.scale = read_u16(block);
      out.minimum = read_u16(block + 2);
      read_nibble_halves(block + 8, read_u32(block + 4), out.codes);
      return;
    case DType::q8_0:
      out.scale = read_u16(block);
      for (unsigned i = 0; i < 32; i += 8) write_eight(out.codes + i, read_eight(block + 2 + i) ^ each(128));
      return;
    case DType::mxfp4:
      out.scale = static_cast<std::uint16_t>(read_u8(block));
      read_nibble_halves(block + 1, 0, out.codes);
      return;
    case DType::q2_k:
      std::memcpy(out.sub_scales, block, 16);
      read_two_bits(block + 16, out.codes);
      out.scale = read_u16(block + 80);
      out.minimum = read_u16(block + 82);
      return;
    case DType::q3_k:
      read_q3_k(block, out);
      return;
    case DType::q4_k:
      out.scale = read_u16(block);
      out.minimum = read_u16(block + 2);
      read_k_scales(block + 4, out);
      read_nibble_runs(block + 16, out.codes);
      return;
    case DType::q5_k:
      out.scale = read_u16(block);
      out.minimum = read_u16(block + 2);
      read_k_scales(block + 4, out);
      read_nibble_runs(block + 48, out.codes);
      add_run_bits(block + 16, 4, out.codes);
      return;
    case DType::q6_k:
      read_q6_k(block, out);
      return;
    default:  // iq4_xs: 6-bit scales less 32, low nibbles in four bytes, high pairs in a 16-bit word
      out.scale = read_u16(block);
      for (unsigned i = 0; i < 8; ++i) {
        const unsigned low = (read_u8(block + 4 + i / 2) >> (4 * (i % 2))) & 15U;
        const unsigned high = (static_cast<unsigned>(read_u16(block + 2)) >> (2 * i)) & 3U;
        out.sub_scales[i] = static_cast<std::byte>((low | (high << 4)) - 32U);
      }
      for (unsigned i = 0; i < 8; ++i) read_nibble_halves(block + 8 + i * 16, 0, out.codes + i * 32);
      return;
  }
}

}  // namespace headformer::kernels::detail
