#pragma once

// What integer products add to the vector vocabulary: the dot product of four bytes a lane, and tables of bytes. Each
// integer target is a namespace of its own, so that the same body is compiled for it (for_each_integer_target.inc):
// portable, avx2, avx2_vnni and avx512_vnni; on ARM portable, neon_dot and neon_i8mm.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "headformer/kernels/targets.hpp"

namespace headformer::kernels::HEADFORMER_PORTABLE {

#if HEADFORMER_NEON
HEADFORMER_SIMD int8x16_t as_i8(IntVec a) { return std::bit_cast<int8x16_t>(a.v); }
HEADFORMER_SIMD uint8x16_t as_u8(IntVec a) { return std::bit_cast<uint8x16_t>(a.v); }
HEADFORMER_SIMD int32x4_t as_i32(IntVec a) { return std::bit_cast<int32x4_t>(a.v); }
HEADFORMER_SIMD IntVec from_i32(int32x4_t a) { return {std::bit_cast<IntPacket>(a)}; }
#endif

/// A struct, so that a body compiled for avx2_vnni finds its own and not also the one beside avx2's vectors.
/// begin(sum, undo) is where a sum begins that is to end as `sum` and products of unsigned codes: `undo` is -128 times
/// the sum of all bytes of x that it will meet, for processors that take codes less 128. add(sum, codes, x) adds the
/// four products of unsigned bytes of `codes` and signed bytes of `x`, in every lane.
struct ByteDot {
#if HEADFORMER_NEON
  // Signed by signed only, so codes are taken less 128.
  static HEADFORMER_SIMD IntVec begin(IntVec sum, IntVec undo) { return sub(sum, undo); }
  static HEADFORMER_SIMD IntVec add(IntVec sum, IntVec codes, IntVec x) {
    const int8x16_t less_128 = as_i8(bit_xor(codes, broadcast_int(-0x7f7f7f80)));
    // Two products of int8 do not always fit 16 bits: they are added in 32.
    const int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(less_128), vget_low_s8(as_i8(x))));
    const int32x4_t high = vpaddlq_s16(vmull_high_s8(less_128, as_i8(x)));
    return from_i32(vaddq_s32(as_i32(sum), vpaddq_s32(low, high)));
  }
#else
  static HEADFORMER_SIMD IntVec begin(IntVec sum, IntVec /*undo*/) { return sum; }
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
HEADFORMER_SIMD IntVec keep(IntVec a) {
#if HEADFORMER_NEON
  __asm__ volatile("" : "+w"(a.v));
#endif
  return a;
}

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
#if HEADFORMER_NEON
  return from_i32(vreinterpretq_s32_u8(vqtbl1q_u8(vld1q_u8(table.values), as_u8(index))));
#else
  std::uint8_t bytes[sizeof(IntVec)];
  store_int(bytes, index);
  for (std::uint8_t& byte : bytes) byte = table.values[byte & 15U];
  return load_int(bytes);
#endif
}

}  // namespace headformer::kernels::HEADFORMER_PORTABLE

#if HEADFORMER_X86
HEADFORMER_BEGIN_AVX2
namespace headformer::kernels::avx2 {

struct ByteDot {
  static HEADFORMER_SIMD IntVec begin(IntVec sum, IntVec /*undo*/) { return sum; }
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
  static HEADFORMER_SIMD IntVec begin(IntVec sum, IntVec /*undo*/) { return sum; }
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
  static HEADFORMER_SIMD IntVec begin(IntVec sum, IntVec /*undo*/) { return sum; }
  static HEADFORMER_SIMD IntVec add(IntVec sum, IntVec codes, IntVec x) {
    return {_mm512_dpbusd_epi32(sum.v, codes.v, x.v)};
  }
};

}  // namespace headformer::kernels::avx512_vnni
HEADFORMER_END_TARGET
#endif

#if HEADFORMER_ARM && HEADFORMER_NEON
HEADFORMER_BEGIN_NEON_DOT
namespace headformer::kernels::neon_dot {
using namespace headformer::kernels::portable;

struct ByteDot {
  static HEADFORMER_SIMD IntVec begin(IntVec sum, IntVec undo) { return sub(sum, undo); }
  // Signed by signed only, so codes are taken less 128.
  static HEADFORMER_SIMD IntVec add(IntVec sum, IntVec codes, IntVec x) {
    const int8x16_t less_128 = as_i8(bit_xor(codes, broadcast_int(-0x7f7f7f80)));
    return from_i32(vdotq_s32(as_i32(sum), less_128, as_i8(x)));
  }
};

}  // namespace headformer::kernels::neon_dot
HEADFORMER_END_TARGET

HEADFORMER_BEGIN_NEON_I8MM
namespace headformer::kernels::neon_i8mm {
using namespace headformer::kernels::portable;

struct ByteDot {
  static HEADFORMER_SIMD IntVec begin(IntVec sum, IntVec /*undo*/) { return sum; }
  static HEADFORMER_SIMD IntVec add(IntVec sum, IntVec codes, IntVec x) {
    return from_i32(vusdotq_s32(as_i32(sum), as_u8(codes), as_i8(x)));
  }
};

}  // namespace headformer::kernels::neon_i8mm
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
#elif HEADFORMER_ARM && HEADFORMER_NEON
#define HEADFORMER_ON_INTEGER_TARGET(isa, ...)                                            \
  ((isa) == ::headformer::Isa::neon_i8mm  ? ::headformer::kernels::neon_i8mm::__VA_ARGS__ \
   : (isa) == ::headformer::Isa::neon_dot ? ::headformer::kernels::neon_dot::__VA_ARGS__  \
                                          : ::headformer::kernels::portable::__VA_ARGS__)
#else
#define HEADFORMER_ON_INTEGER_TARGET(isa, ...) (static_cast<void>(isa), ::headformer::kernels::portable::__VA_ARGS__)
#endif
