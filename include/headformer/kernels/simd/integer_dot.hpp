#pragma once

// What integer products add to the vector vocabulary: the dot product of four bytes a lane, and tables of bytes. Each
// integer target is a namespace of its own, so that the same body is compiled for it (for_each_integer_target.inc):
// portable, avx2, avx2_vnni and avx512_vnni.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "headformer/kernels/targets.hpp"

#if defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace headformer::kernels::HEADFORMER_PORTABLE {

/// A struct, so that a body compiled for avx2_vnni finds its own and not also the one beside avx2's vectors.
struct ByteDot {
  /// sum + the four products of unsigned bytes of `codes` and signed bytes of `x`, in every lane.
#if defined(__ARM_FEATURE_MATMUL_INT8) && HEADFORMER_PORTABLE_WIDTH == 4
  static HEADFORMER_SIMD IntVec add(IntVec sum, IntVec codes, IntVec x) {
    return {std::bit_cast<IntPacket>(vusdotq_s32(std::bit_cast<int32x4_t>(sum.v), std::bit_cast<uint8x16_t>(codes.v),
                                                 std::bit_cast<int8x16_t>(x.v)))};
  }
#elif defined(__ARM_FEATURE_DOTPROD) && HEADFORMER_PORTABLE_WIDTH == 4
  // Signed by signed only: codes less 128, and 128 times the bytes of x again.
  static HEADFORMER_SIMD IntVec add(IntVec sum, IntVec codes, IntVec x) {
    const int8x16_t bytes = std::bit_cast<int8x16_t>(x.v);
    const uint8x16_t offset = vdupq_n_u8(128);
    const int8x16_t signed_codes = vreinterpretq_s8_u8(veorq_u8(std::bit_cast<uint8x16_t>(codes.v), offset));
    // 128 x = 2 * 64 x
    const int32x4_t undone = vdotq_s32(vdupq_n_s32(0), vdupq_n_s8(64), bytes);
    const int32x4_t dot = vdotq_s32(std::bit_cast<int32x4_t>(sum.v), signed_codes, bytes);
    return {std::bit_cast<IntPacket>(vaddq_s32(dot, vaddq_s32(undone, undone)))};
  }
#else
  // Not inlined: some twenty instructions, and nobody's fast path.
  static HEADFORMER_NOINLINE IntVec add(IntVec sum, IntVec codes, IntVec x) {
    const IntPacket byte = IntPacket{} + 255;
    IntPacket result = sum.v + (codes.v & byte) * shift_right_signed<24>(shift_left<24>(x)).v;
    result += (shift_right<8>(codes).v & byte) * shift_right_signed<24>(shift_left<16>(x)).v;
    result += (shift_right<16>(codes).v & byte) * shift_right_signed<24>(shift_left<8>(x)).v;
    result += shift_right<24>(codes).v * shift_right_signed<24>(x).v;
    return {result};
  }
#endif
};

/// The same value, in a register from here on: what is kept is loaded in the order it is written.
HEADFORMER_SIMD IntVec keep(IntVec a) { return a; }

/// Sixteen bytes to look up from.
struct ByteTable {
  std::uint8_t values[16];
};
HEADFORMER_SIMD ByteTable load_byte_table(const std::uint8_t* values) {
  ByteTable table;
  std::memcpy(table.values, values, sizeof table.values);
  return table;
}
/// values[index] for each byte of index, all below 16.
HEADFORMER_SIMD IntVec lookup_bytes(const ByteTable& table, IntVec index) {
  std::uint8_t bytes[sizeof(IntVec)];
  store_int(bytes, index);
  for (std::uint8_t& byte : bytes) byte = table.values[byte & 15U];
  return load_int(bytes);
}

}  // namespace headformer::kernels::HEADFORMER_PORTABLE

#if HEADFORMER_X86
HEADFORMER_BEGIN_AVX2
namespace headformer::kernels::avx2 {

struct ByteDot {
  // vpmaddubsw would overflow for codes of eight bits: even and odd bytes as 16-bit numbers do not.
  static HEADFORMER_SIMD IntVec add(IntVec sum, IntVec codes, IntVec x) {
    const __m256i even = _mm256_and_si256(codes.v, _mm256_set1_epi16(255));
    const __m256i odd = _mm256_srli_epi16(codes.v, 8);
    const __m256i even_x = _mm256_srai_epi16(_mm256_slli_epi16(x.v, 8), 8);
    const __m256i odd_x = _mm256_srai_epi16(x.v, 8);
    return {_mm256_add_epi32(sum.v, _mm256_add_epi32(_mm256_madd_epi16(even, even_x), _mm256_madd_epi16(odd, odd_x)))};
  }
};

HEADFORMER_SIMD IntVec keep(IntVec a) {
  __asm__ volatile("" : "+x"(a.v));
  return a;
}

struct ByteTable {
  __m256i values;
};
HEADFORMER_SIMD ByteTable load_byte_table(const std::uint8_t* values) {
  return {_mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(values)))};
}
HEADFORMER_SIMD IntVec lookup_bytes(const ByteTable& table, IntVec index) {
  return {_mm256_shuffle_epi8(table.values, index.v)};
}

}  // namespace headformer::kernels::avx2
HEADFORMER_END_TARGET

HEADFORMER_BEGIN_AVX2_VNNI
namespace headformer::kernels::avx2_vnni {
using namespace headformer::kernels::avx2;

struct ByteDot {
  static HEADFORMER_SIMD IntVec add(IntVec sum, IntVec codes, IntVec x) {
    return {_mm256_dpbusd_avx_epi32(sum.v, codes.v, x.v)};
  }
};

}  // namespace headformer::kernels::avx2_vnni
HEADFORMER_END_TARGET

HEADFORMER_BEGIN_AVX512
namespace headformer::kernels::avx512 {

HEADFORMER_SIMD IntVec keep(IntVec a) {
  __asm__ volatile("" : "+v"(a.v));
  return a;
}

struct ByteTable {
  __m512i values;
};
HEADFORMER_SIMD ByteTable load_byte_table(const std::uint8_t* values) {
  return {_mm512_maskz_broadcast_i32x4(all_lanes, _mm_loadu_si128(reinterpret_cast<const __m128i*>(values)))};
}
HEADFORMER_SIMD IntVec lookup_bytes(const ByteTable& table, IntVec index) {
  return {_mm512_shuffle_epi8(table.values, index.v)};
}

}  // namespace headformer::kernels::avx512
HEADFORMER_END_TARGET

HEADFORMER_BEGIN_AVX512_VNNI
namespace headformer::kernels::avx512_vnni {
using namespace headformer::kernels::avx512;

struct ByteDot {
  static HEADFORMER_SIMD IntVec add(IntVec sum, IntVec codes, IntVec x) {
    return {_mm512_dpbusd_epi32(sum.v, codes.v, x.v)};
  }
};

}  // namespace headformer::kernels::avx512_vnni
HEADFORMER_END_TARGET
#endif

/// Calls a function of a body for integer targets, in the version for `isa`. (AVX-512 without VNNI has no dot product
/// of bytes and takes AVX2's.)
#if HEADFORMER_X86
#define HEADFORMER_ON_INTEGER_TARGET(isa, ...)                                               \
  ((isa) >= ::headformer::Isa::avx512_vnni ? ::headformer::kernels::avx512_vnni::__VA_ARGS__ \
   : (isa) == ::headformer::Isa::avx2_vnni ? ::headformer::kernels::avx2_vnni::__VA_ARGS__   \
   : (isa) >= ::headformer::Isa::avx2      ? ::headformer::kernels::avx2::__VA_ARGS__        \
                                           : ::headformer::kernels::portable::__VA_ARGS__)
#else
#define HEADFORMER_ON_INTEGER_TARGET(isa, ...) (static_cast<void>(isa), ::headformer::kernels::portable::__VA_ARGS__)
#endif
