#pragma once

// The vector vocabulary over AVX2, FMA and F16C; what each function promises is told in simd/portable.hpp.
// Included by kernels/targets.hpp.
#include "headformer/kernels/targets.hpp"

#if HEADFORMER_X86
HEADFORMER_BEGIN_AVX2
namespace headformer::kernels::avx2 {

inline constexpr int width = 8;
inline constexpr int registers = 16;
inline constexpr bool fused = true;
inline constexpr bool fast_widening = true;
inline constexpr bool fast_lookup = false;

struct Vec {
  __m256 v;
};
struct IntVec {
  __m256i v;
};
struct Mask {
  __m256 m;
};

HEADFORMER_SIMD __m256i first_lanes(std::ptrdiff_t count) {
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), lanes);
}

HEADFORMER_SIMD Vec zero() { return {_mm256_setzero_ps()}; }
HEADFORMER_SIMD Vec broadcast(float x) { return {_mm256_set1_ps(x)}; }
HEADFORMER_SIMD Vec load(const float* p) { return {_mm256_loadu_ps(p)}; }
HEADFORMER_SIMD void store(float* p, Vec a) { _mm256_storeu_ps(p, a.v); }
HEADFORMER_SIMD Vec load_partial(const float* p, std::ptrdiff_t count) {
  return {_mm256_maskload_ps(p, first_lanes(count))};
}
HEADFORMER_SIMD void store_partial(float* p, Vec a, std::ptrdiff_t count) {
  _mm256_maskstore_ps(p, first_lanes(count), a.v);
}
HEADFORMER_SIMD Vec load_f16(const void* p) {
  return {_mm256_cvtph_ps(_mm_loadu_si128(static_cast<const __m128i*>(p)))};
}
HEADFORMER_SIMD Vec broadcast_f16(const void* p) {
  unsigned short bits;
  std::memcpy(&bits, p, sizeof bits);
  return broadcast(_cvtsh_ss(bits));
}
HEADFORMER_SIMD Vec load_bf16(const void* p) {
  const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(static_cast<const __m128i*>(p)));
  return {_mm256_castsi256_ps(_mm256_slli_epi32(wide, 16))};
}
HEADFORMER_SIMD void store_f16(void* p, Vec a) {
  _mm_storeu_si128(static_cast<__m128i*>(p), _mm256_cvtps_ph(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

HEADFORMER_SIMD Vec add(Vec a, Vec b) { return {_mm256_add_ps(a.v, b.v)}; }
HEADFORMER_SIMD Vec sub(Vec a, Vec b) { return {_mm256_sub_ps(a.v, b.v)}; }
HEADFORMER_SIMD Vec mul(Vec a, Vec b) {
  __m256 product = _mm256_mul_ps(a.v, b.v);
  __asm__("" : "+x"(product));
  return {product};
}
HEADFORMER_SIMD Vec div(Vec a, Vec b) { return {_mm256_div_ps(a.v, b.v)}; }
HEADFORMER_SIMD Vec fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
HEADFORMER_SIMD Vec fnma(Vec a, Vec b, Vec c) { return {_mm256_fnmadd_ps(a.v, b.v, c.v)}; }
HEADFORMER_SIMD Vec max(Vec a, Vec b) { return {_mm256_max_ps(a.v, b.v)}; }
HEADFORMER_SIMD Vec min(Vec a, Vec b) { return {_mm256_min_ps(a.v, b.v)}; }
HEADFORMER_SIMD Vec sqrt(Vec a) { return {_mm256_sqrt_ps(a.v)}; }
HEADFORMER_SIMD Vec abs(Vec a) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0F), a.v)}; }

HEADFORMER_SIMD IntVec broadcast_int(std::int32_t x) { return {_mm256_set1_epi32(x)}; }
HEADFORMER_SIMD IntVec load_int(const void* p) { return {_mm256_loadu_si256(static_cast<const __m256i*>(p))}; }
HEADFORMER_SIMD void store_int(void* p, IntVec a) { _mm256_storeu_si256(static_cast<__m256i*>(p), a.v); }
HEADFORMER_SIMD IntVec load_u8(const void* p) {
  return {_mm256_cvtepu8_epi32(_mm_loadl_epi64(static_cast<const __m128i*>(p)))};
}
HEADFORMER_SIMD IntVec load_i8(const void* p) {
  return {_mm256_cvtepi8_epi32(_mm_loadl_epi64(static_cast<const __m128i*>(p)))};
}
HEADFORMER_SIMD void store_i8(void* p, IntVec a) {
  const __m128i halves = _mm_packs_epi32(_mm256_castsi256_si128(a.v), _mm256_extracti128_si256(a.v, 1));
  _mm_storel_epi64(static_cast<__m128i*>(p), _mm_packs_epi16(halves, halves));
}
HEADFORMER_SIMD void store_i16(void* p, IntVec a) {
  const __m256i low = _mm256_and_si256(a.v, _mm256_set1_epi32(0xffff));
  _mm_storeu_si128(static_cast<__m128i*>(p),
                   _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1)));
}
HEADFORMER_SIMD IntVec add(IntVec a, IntVec b) { return {_mm256_add_epi32(a.v, b.v)}; }
HEADFORMER_SIMD IntVec sub(IntVec a, IntVec b) { return {_mm256_sub_epi32(a.v, b.v)}; }
HEADFORMER_SIMD IntVec bit_and(IntVec a, IntVec b) { return {_mm256_and_si256(a.v, b.v)}; }
HEADFORMER_SIMD IntVec bit_or(IntVec a, IntVec b) { return {_mm256_or_si256(a.v, b.v)}; }
HEADFORMER_SIMD IntVec bit_xor(IntVec a, IntVec b) { return {_mm256_xor_si256(a.v, b.v)}; }
template <int Bits>
HEADFORMER_SIMD IntVec shift_left(IntVec a) {
  return {_mm256_slli_epi32(a.v, Bits)};
}
template <int Bits>
HEADFORMER_SIMD IntVec shift_right(IntVec a) {
  return {_mm256_srli_epi32(a.v, Bits)};
}
HEADFORMER_SIMD IntVec shift_right_by(IntVec a, int bits) { return {_mm256_srl_epi32(a.v, _mm_cvtsi32_si128(bits))}; }
HEADFORMER_SIMD IntVec shift_right_signed_by(IntVec a, int bits) {
  return {_mm256_sra_epi32(a.v, _mm_cvtsi32_si128(bits))};
}
template <int Bits>
HEADFORMER_SIMD IntVec shift_right_signed(IntVec a) {
  return {_mm256_srai_epi32(a.v, Bits)};
}

HEADFORMER_SIMD Vec to_float(IntVec a) { return {_mm256_cvtepi32_ps(a.v)}; }
HEADFORMER_SIMD IntVec to_int(Vec a) { return {_mm256_cvtps_epi32(a.v)}; }
HEADFORMER_SIMD Vec round(Vec a) { return {_mm256_round_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
HEADFORMER_SIMD Vec as_float(IntVec a) { return {_mm256_castsi256_ps(a.v)}; }
HEADFORMER_SIMD IntVec as_int(Vec a) { return {_mm256_castps_si256(a.v)}; }

HEADFORMER_SIMD Mask less(Vec a, Vec b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ)}; }
HEADFORMER_SIMD Mask less_equal(Vec a, Vec b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_LE_OQ)}; }
HEADFORMER_SIMD Mask equal(Vec a, Vec b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_EQ_OQ)}; }
HEADFORMER_SIMD Mask less(IntVec a, IntVec b) { return {_mm256_castsi256_ps(_mm256_cmpgt_epi32(b.v, a.v))}; }
HEADFORMER_SIMD Mask equal(IntVec a, IntVec b) { return {_mm256_castsi256_ps(_mm256_cmpeq_epi32(a.v, b.v))}; }
HEADFORMER_SIMD Mask mask_and(Mask a, Mask b) { return {_mm256_and_ps(a.m, b.m)}; }
HEADFORMER_SIMD Mask mask_or(Mask a, Mask b) { return {_mm256_or_ps(a.m, b.m)}; }
HEADFORMER_SIMD bool any(Mask a) { return _mm256_movemask_ps(a.m) != 0; }
HEADFORMER_SIMD Vec select(Mask m, Vec a, Vec b) { return {_mm256_blendv_ps(b.v, a.v, m.m)}; }
HEADFORMER_SIMD IntVec select(Mask m, IntVec a, IntVec b) { return as_int(select(m, as_float(a), as_float(b))); }

HEADFORMER_SIMD float sum(Vec a) {
  const __m128 half = _mm_add_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  const __m128 pair = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(pair, _mm_movehdup_ps(pair)));
}
HEADFORMER_SIMD float greatest(Vec a) {
  const __m128 half = _mm_max_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  const __m128 pair = _mm_max_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_max_ss(pair, _mm_movehdup_ps(pair)));
}

// In two factors, each a normal number, so that a denormal result is rounded once.
HEADFORMER_SIMD Vec scale_by_power_of_two(Vec a, Vec n) {
  const IntVec power = to_int(max(min(n, broadcast(252.0F)), broadcast(-252.0F)));
  const IntVec half = shift_right_signed<1>(power);
  const IntVec bias = broadcast_int(127);
  const Vec first = as_float(shift_left<23>(add(half, bias)));
  const Vec second = as_float(shift_left<23>(add(sub(power, half), bias)));
  return mul(mul(a, first), second);
}

struct Table16 {
  __m256 low;
  __m256 high;
};
HEADFORMER_SIMD Table16 load_table(const float* values) {
  return {_mm256_loadu_ps(values), _mm256_loadu_ps(values + 8)};
}
HEADFORMER_SIMD Vec lookup(const Table16& table, IntVec index) {
  const __m256 low = _mm256_permutevar8x32_ps(table.low, index.v);
  const __m256 high = _mm256_permutevar8x32_ps(table.high, index.v);
  return {_mm256_blendv_ps(low, high, _mm256_castsi256_ps(_mm256_slli_epi32(index.v, 28)))};
}

HEADFORMER_SIMD void transpose(Vec (&rows)[width]) {
  // Half h of fours[4 g + j] holds column 4 h + j of the rows 4 g to 4 g + 3.
  __m256 fours[width];
  HEADFORMER_UNROLL
  for (int i = 0; i < 8; i += 4) {
    const __m256d low_01 = _mm256_castps_pd(_mm256_unpacklo_ps(rows[i].v, rows[i + 1].v));
    const __m256d high_01 = _mm256_castps_pd(_mm256_unpackhi_ps(rows[i].v, rows[i + 1].v));
    const __m256d low_23 = _mm256_castps_pd(_mm256_unpacklo_ps(rows[i + 2].v, rows[i + 3].v));
    const __m256d high_23 = _mm256_castps_pd(_mm256_unpackhi_ps(rows[i + 2].v, rows[i + 3].v));
    fours[i] = _mm256_castpd_ps(_mm256_unpacklo_pd(low_01, low_23));
    fours[i + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(low_01, low_23));
    fours[i + 2] = _mm256_castpd_ps(_mm256_unpacklo_pd(high_01, high_23));
    fours[i + 3] = _mm256_castpd_ps(_mm256_unpackhi_pd(high_01, high_23));
  }
  HEADFORMER_UNROLL
  for (int j = 0; j < 4; ++j) {
    rows[j].v = _mm256_permute2f128_ps(fours[j], fours[4 + j], 0x20);
    rows[4 + j].v = _mm256_permute2f128_ps(fours[j], fours[4 + j], 0x31);
  }
}

}  // namespace headformer::kernels::avx2
HEADFORMER_END_TARGET
#endif
