#pragma once

// The dot products that narrow activations use, from registers, as machine_peak.hpp does for f32 multiply-adds.

#include <cstddef>

#include "headformer/core/cpu_features.hpp"
#include "machine_peak.hpp"

#if HEADFORMER_X86
#include <immintrin.h>
#endif

namespace machine_peak {

constexpr int dot_chains = 16;

#if HEADFORMER_X86
/// 512-bit VNNI: 64 products of bytes an instruction.
__attribute__((target("avx512f,avx512vnni"), noinline)) inline int int8_dot_loop(std::ptrdiff_t count, int seed) {
  __m512i sums[dot_chains];
  const __m512i x = _mm512_set1_epi32(seed);
#pragma GCC unroll 32
  for (int c = 0; c < dot_chains; ++c) sums[c] = _mm512_set1_epi32(c);
#pragma GCC unroll 1
  for (std::ptrdiff_t i = 0; i < count; ++i) {
#pragma GCC unroll 32
    for (int c = 0; c < dot_chains; ++c) sums[c] = _mm512_dpbusd_epi32(sums[c], x, x);
  }
  __m512i total = _mm512_setzero_si512();
#pragma GCC unroll 32
  for (int c = 0; c < dot_chains; ++c) total = _mm512_add_epi32(total, sums[c]);
  alignas(64) int lanes[16];
  _mm512_store_si512(lanes, total);
  return lanes[0];
}

/// 512-bit bf16: 32 products an instruction.
__attribute__((target("avx512f,avx512bf16"), noinline)) inline float bf16_dot_loop(std::ptrdiff_t count, int seed) {
  __m512 sums[dot_chains];
  const __m512i bits = _mm512_set1_epi32(seed);
  const auto x = reinterpret_cast<__m512bh>(bits);
#pragma GCC unroll 32
  for (int c = 0; c < dot_chains; ++c) sums[c] = _mm512_set1_ps(static_cast<float>(c));
#pragma GCC unroll 1
  for (std::ptrdiff_t i = 0; i < count; ++i) {
#pragma GCC unroll 32
    for (int c = 0; c < dot_chains; ++c) sums[c] = _mm512_dpbf16_ps(sums[c], x, x);
  }
  __m512 total = _mm512_setzero_ps();
#pragma GCC unroll 32
  for (int c = 0; c < dot_chains; ++c) total = _mm512_add_ps(total, sums[c]);
  alignas(64) float lanes[16];
  _mm512_store_ps(lanes, total);
  return lanes[0];
}

constexpr int tile_chains = 6;

/// AMX: 16 x 16 x 32 products of bf16 an instruction. Begins and ends this thread's use of tiles.
__attribute__((target("amx-tile,amx-bf16"), noinline)) inline void tile_loop(std::ptrdiff_t count) {
  alignas(64) unsigned char config[64] = {1};  // eight tiles of 16 rows of 64 bytes
  for (int tile = 0; tile < 8; ++tile) {
    config[16 + 2 * tile] = 64;
    config[48 + tile] = 16;
  }
  __asm__ volatile("" : : "r"(config) : "memory");
  _tile_loadconfig(config);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_zero(4);
  _tile_zero(5);
  _tile_zero(6);
  _tile_zero(7);
#pragma GCC unroll 1
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    _tile_dpbf16ps(0, 6, 7);
    _tile_dpbf16ps(1, 6, 7);
    _tile_dpbf16ps(2, 6, 7);
    _tile_dpbf16ps(3, 6, 7);
    _tile_dpbf16ps(4, 6, 7);
    _tile_dpbf16ps(5, 6, 7);
  }
  _tile_release();
}
constexpr double tile_operations = 2.0 * 16 * 16 * 32 * tile_chains;

/// Operations a second of one core, a multiply and an add counting twice.
inline double int8_ops() {
  constexpr std::ptrdiff_t count = 20000;
  const double seconds = best_seconds(200, [] { benchmark::DoNotOptimize(int8_dot_loop(count, 0x01010101)); });
  return 2.0 * 64.0 * dot_chains * count / seconds;
}
inline double tile_flops() {
  constexpr std::ptrdiff_t count = 20000;
  return tile_operations * count / best_seconds(100, [] { tile_loop(count); });
}
inline double bf16_flops() {
  constexpr std::ptrdiff_t count = 20000;
  const double seconds = best_seconds(200, [] { benchmark::DoNotOptimize(bf16_dot_loop(count, 0x3f003f00)); });
  return 2.0 * 32.0 * dot_chains * count / seconds;
}
#endif

}  // namespace machine_peak
