#pragma once

// The vector vocabulary over AVX-512 (F, BW, VL, DQ); what each function promises is told in simd/portable.hpp.
// Included by kernels/targets.hpp.
#include "headformer/kernels/targets.hpp"

#if HEADFORMER_X86
HEADFORMER_BEGIN_AVX512
namespace headformer::kernels::avx512 {

inline constexpr int width = 16;
inline constexpr int registers = 32;
inline constexpr bool fused = true;
inline constexpr bool fast_widening = true;
inline constexpr bool fast_lookup = true;

// The zeroing forms with all lanes on, here and below: g++ 12 warns of an uninitialised value inside the plain ones.
inline constexpr __mmask16 all_lanes = 0xffff;

struct Vec {
  __m512 v;
};
struct IntVec {
  __m512i v;
};
struct Mask {
  __mmask16 m;
};

HEADFORMER_SIMD __mmask16 first_lanes(std::ptrdiff_t count) { return static_cast<__mmask16>((1U << count) - 1U); }

HEADFORMER_SIMD Vec zero() { return {_mm512_setzero_ps()}; }
HEADFORMER_SIMD Vec broadcast(float x) { return {_mm512_set1_ps(x)}; }
HEADFORMER_SIMD Vec load(const float* p) { return {_mm512_loadu_ps(p)}; }
HEADFORMER_SIMD void store(float* p, Vec a) { _mm512_storeu_ps(p, a.v); }
HEADFORMER_SIMD Vec load_partial(const float* p, std::ptrdiff_t count) {
  return {_mm512_maskz_loadu_ps(first_lanes(count), p)};
}
HEADFORMER_SIMD void store_partial(float* p, Vec a, std::ptrdiff_t count) {
  _mm512_mask_storeu_ps(p, first_lanes(count), a.v);
}
HEADFORMER_SIMD Vec load_f16(const void* p) {
  return {_mm512_maskz_cvtph_ps(all_lanes, _mm256_loadu_si256(static_cast<const __m256i*>(p)))};
}
HEADFORMER_SIMD Vec broadcast_f16(const void* p) {
  unsigned short bits;
  std::memcpy(&bits, p, sizeof bits);
  return broadcast(_cvtsh_ss(bits));
}
HEADFORMER_SIMD Vec load_bf16(const void* p) {
  const __m512i wide = _mm512_maskz_cvtepu16_epi32(all_lanes, _mm256_loadu_si256(static_cast<const __m256i*>(p)));
  return {_mm512_castsi512_ps(_mm512_maskz_slli_epi32(all_lanes, wide, 16))};
}
HEADFORMER_SIMD void store_f16(void* p, Vec a) {
  _mm256_storeu_si256(static_cast<__m256i*>(p),
                      _mm512_maskz_cvtps_ph(all_lanes, a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

HEADFORMER_SIMD Vec add(Vec a, Vec b) { return {_mm512_add_ps(a.v, b.v)}; }
HEADFORMER_SIMD Vec sub(Vec a, Vec b) { return {_mm512_sub_ps(a.v, b.v)}; }
HEADFORMER_SIMD Vec mul(Vec a, Vec b) {
  __m512 product = _mm512_mul_ps(a.v, b.v);
  __asm__("" : "+v"(product));
  return {product};
}
HEADFORMER_SIMD Vec div(Vec a, Vec b) { return {_mm512_div_ps(a.v, b.v)}; }
HEADFORMER_SIMD Vec fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
HEADFORMER_SIMD Vec fnma(Vec a, Vec b, Vec c) { return {_mm512_fnmadd_ps(a.v, b.v, c.v)}; }
HEADFORMER_SIMD Vec max(Vec a, Vec b) { return {_mm512_maskz_max_ps(all_lanes, a.v, b.v)}; }
HEADFORMER_SIMD Vec min(Vec a, Vec b) { return {_mm512_maskz_min_ps(all_lanes, a.v, b.v)}; }
HEADFORMER_SIMD Vec sqrt(Vec a) { return {_mm512_maskz_sqrt_ps(all_lanes, a.v)}; }
HEADFORMER_SIMD Vec abs(Vec a) { return {_mm512_andnot_ps(_mm512_set1_ps(-0.0F), a.v)}; }

HEADFORMER_SIMD IntVec broadcast_int(std::int32_t x) { return {_mm512_set1_epi32(x)}; }
HEADFORMER_SIMD IntVec load_int(const void* p) { return {_mm512_loadu_si512(p)}; }
HEADFORMER_SIMD void store_int(void* p, IntVec a) { _mm512_storeu_si512(p, a.v); }
HEADFORMER_SIMD IntVec load_u8(const void* p) {
  return {_mm512_maskz_cvtepu8_epi32(all_lanes, _mm_loadu_si128(static_cast<const __m128i*>(p)))};
}
HEADFORMER_SIMD IntVec load_i8(const void* p) {
  return {_mm512_maskz_cvtepi8_epi32(all_lanes, _mm_loadu_si128(static_cast<const __m128i*>(p)))};
}
HEADFORMER_SIMD void store_i8(void* p, IntVec a) {
  _mm_storeu_si128(static_cast<__m128i*>(p), _mm512_maskz_cvtsepi32_epi8(all_lanes, a.v));
}
HEADFORMER_SIMD void store_i16(void* p, IntVec a) {
  _mm256_storeu_si256(static_cast<__m256i*>(p), _mm512_maskz_cvtepi32_epi16(all_lanes, a.v));
}
HEADFORMER_SIMD IntVec add(IntVec a, IntVec b) { return {_mm512_add_epi32(a.v, b.v)}; }
HEADFORMER_SIMD IntVec sub(IntVec a, IntVec b) { return {_mm512_sub_epi32(a.v, b.v)}; }
HEADFORMER_SIMD IntVec bit_and(IntVec a, IntVec b) { return {_mm512_and_si512(a.v, b.v)}; }
HEADFORMER_SIMD IntVec bit_or(IntVec a, IntVec b) { return {_mm512_or_si512(a.v, b.v)}; }
HEADFORMER_SIMD IntVec bit_xor(IntVec a, IntVec b) { return {_mm512_xor_si512(a.v, b.v)}; }
template <int Bits>
HEADFORMER_SIMD IntVec shift_left(IntVec a) {
  return {_mm512_maskz_slli_epi32(all_lanes, a.v, Bits)};
}
template <int Bits>
HEADFORMER_SIMD IntVec shift_right(IntVec a) {
  return {_mm512_maskz_srli_epi32(all_lanes, a.v, Bits)};
}
HEADFORMER_SIMD IntVec shift_right_by(IntVec a, int bits) {
  return {_mm512_maskz_srl_epi32(all_lanes, a.v, _mm_cvtsi32_si128(bits))};
}
HEADFORMER_SIMD IntVec shift_right_signed_by(IntVec a, int bits) {
  return {_mm512_maskz_sra_epi32(all_lanes, a.v, _mm_cvtsi32_si128(bits))};
}
template <int Bits>
HEADFORMER_SIMD IntVec shift_right_signed(IntVec a) {
  return {_mm512_maskz_srai_epi32(all_lanes, a.v, Bits)};
}

HEADFORMER_SIMD Vec to_float(IntVec a) { return {_mm512_maskz_cvtepi32_ps(all_lanes, a.v)}; }
HEADFORMER_SIMD IntVec to_int(Vec a) { return {_mm512_maskz_cvtps_epi32(all_lanes, a.v)}; }
HEADFORMER_SIMD Vec round(Vec a) {
  return {_mm512_maskz_roundscale_ps(all_lanes, a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
HEADFORMER_SIMD Vec as_float(IntVec a) { return {_mm512_castsi512_ps(a.v)}; }
HEADFORMER_SIMD IntVec as_int(Vec a) { return {_mm512_castps_si512(a.v)}; }

HEADFORMER_SIMD Mask less(Vec a, Vec b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)}; }
HEADFORMER_SIMD Mask less_equal(Vec a, Vec b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LE_OQ)}; }
HEADFORMER_SIMD Mask equal(Vec a, Vec b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ)}; }
HEADFORMER_SIMD Mask less(IntVec a, IntVec b) { return {_mm512_cmplt_epi32_mask(a.v, b.v)}; }
HEADFORMER_SIMD Mask equal(IntVec a, IntVec b) { return {_mm512_cmpeq_epi32_mask(a.v, b.v)}; }
HEADFORMER_SIMD Mask mask_and(Mask a, Mask b) { return {static_cast<__mmask16>(a.m & b.m)}; }
HEADFORMER_SIMD Mask mask_or(Mask a, Mask b) { return {static_cast<__mmask16>(a.m | b.m)}; }
HEADFORMER_SIMD bool any(Mask a) { return a.m != 0; }
HEADFORMER_SIMD Vec select(Mask m, Vec a, Vec b) { return {_mm512_mask_blend_ps(m.m, b.v, a.v)}; }
HEADFORMER_SIMD IntVec select(Mask m, IntVec a, IntVec b) { return {_mm512_mask_blend_epi32(m.m, b.v, a.v)}; }

HEADFORMER_SIMD float sum(Vec a) {
  const __m256 half =
      _mm256_add_ps(_mm512_maskz_extractf32x8_ps(0xff, a.v, 0), _mm512_maskz_extractf32x8_ps(0xff, a.v, 1));
  const __m128 quarter = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
  const __m128 pair = _mm_add_ps(quarter, _mm_movehl_ps(quarter, quarter));
  return _mm_cvtss_f32(_mm_add_ss(pair, _mm_movehdup_ps(pair)));
}
HEADFORMER_SIMD float greatest(Vec a) {
  const __m256 half =
      _mm256_max_ps(_mm512_maskz_extractf32x8_ps(0xff, a.v, 0), _mm512_maskz_extractf32x8_ps(0xff, a.v, 1));
  const __m128 quarter = _mm_max_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
  const __m128 pair = _mm_max_ps(quarter, _mm_movehl_ps(quarter, quarter));
  return _mm_cvtss_f32(_mm_max_ss(pair, _mm_movehdup_ps(pair)));
}

HEADFORMER_SIMD Vec scale_by_power_of_two(Vec a, Vec n) { return {_mm512_maskz_scalef_ps(all_lanes, a.v, n.v)}; }

struct Table16 {
  __m512 values;
};
HEADFORMER_SIMD Table16 load_table(const float* values) { return {_mm512_loadu_ps(values)}; }
HEADFORMER_SIMD Vec lookup(const Table16& table, IntVec index) {
  return {_mm512_maskz_permutexvar_ps(all_lanes, index.v, table.values)};
}

HEADFORMER_SIMD void transpose(Vec (&rows)[width]) {
  Vec pairs[width];
  HEADFORMER_UNROLL
  for (int i = 0; i < 16; i += 2) {
    pairs[i].v = _mm512_maskz_unpacklo_ps(all_lanes, rows[i].v, rows[i + 1].v);
    pairs[i + 1].v = _mm512_maskz_unpackhi_ps(all_lanes, rows[i].v, rows[i + 1].v);
  }
  // Then quarter q of fours[4 g + j] holds column 4 q + j of the rows 4 g to 4 g + 3.
  __m512 fours[width];
  HEADFORMER_UNROLL
  for (int i = 0; i < 16; i += 4) {
    HEADFORMER_UNROLL
    for (int j = 0; j < 2; ++j) {
      const __m512d low = _mm512_castps_pd(pairs[i + j].v);
      const __m512d high = _mm512_castps_pd(pairs[i + j + 2].v);
      fours[i + 2 * j] = _mm512_castpd_ps(_mm512_maskz_unpacklo_pd(0xff, low, high));
      fours[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_maskz_unpackhi_pd(0xff, low, high));
    }
  }
  HEADFORMER_UNROLL
  for (int j = 0; j < 4; ++j) {
    const __m512 even_low = _mm512_maskz_shuffle_f32x4(all_lanes, fours[j], fours[4 + j], 0x88);
    const __m512 odd_low = _mm512_maskz_shuffle_f32x4(all_lanes, fours[j], fours[4 + j], 0xdd);
    const __m512 even_high = _mm512_maskz_shuffle_f32x4(all_lanes, fours[8 + j], fours[12 + j], 0x88);
    const __m512 odd_high = _mm512_maskz_shuffle_f32x4(all_lanes, fours[8 + j], fours[12 + j], 0xdd);
    rows[j].v = _mm512_maskz_shuffle_f32x4(all_lanes, even_low, even_high, 0x88);
    rows[4 + j].v = _mm512_maskz_shuffle_f32x4(all_lanes, odd_low, odd_high, 0x88);
    rows[8 + j].v = _mm512_maskz_shuffle_f32x4(all_lanes, even_low, even_high, 0xdd);
    rows[12 + j].v = _mm512_maskz_shuffle_f32x4(all_lanes, odd_low, odd_high, 0xdd);
  }
}

}  // namespace headformer::kernels::avx512
HEADFORMER_END_TARGET
#endif
