#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "headformer/kernels/quantization/rounding.hpp"

namespace headformer::kernels::quantization {

/// Four numbers side by side, one for each of four sub-blocks that are searched together. A compiler's vector type of
/// the width that every machine has: wider ones are taken apart, slowly, where the flags do not allow them.
using Lanes = float __attribute__((vector_size(16)));
using IntLanes = std::int32_t __attribute__((vector_size(16)));
inline constexpr std::size_t lane_count = 4;

/// The elements of four sub-blocks of `count`, transposed: [element][lane].
template <std::size_t count>
using LaneRows = std::array<Lanes, count>;

/// x: four sub-blocks one after another.
template <std::size_t count>
void load_lanes(const float* x, LaneRows<count>& rows) {
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t lane = 0; lane < lane_count; ++lane) rows[i][lane] = x[lane * count + i];
}

/// value becomes other where the mask's lanes are set. (A mask is what a comparison of Lanes gives: 0 or -1.)
inline void blend(Lanes& value, const Lanes& other, const IntLanes& mask) {
  IntLanes a;
  IntLanes b;
  std::memcpy(&a, &value, sizeof a);
  std::memcpy(&b, &other, sizeof b);
  a = (b & mask) | (a & ~mask);
  std::memcpy(&value, &a, sizeof a);
}

inline bool any(const IntLanes& mask) {
  std::int32_t all = 0;
  for (std::size_t lane = 0; lane < lane_count; ++lane) all |= mask[lane];
  return all != 0;
}

inline void absolute(Lanes& value) {
  IntLanes bits;
  std::memcpy(&bits, &value, sizeof bits);
  bits &= 0x7fffffff;
  std::memcpy(&value, &bits, sizeof bits);
}

/// rounded_even() of each lane, then clamped, as numbers.
inline void round_and_clamp(Lanes& value, std::int32_t lo, std::int32_t hi) {
  const Lanes shifted = value + 12582912.0F;
  IntLanes bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  bits = (bits & 0x007fffff) - 0x00400000;
  const IntLanes low = bits < lo;
  bits = (low & lo) | (~low & bits);
  const IntLanes high = bits > hi;
  bits = (high & hi) | (~high & bits);
  value = __builtin_convertvector(bits, Lanes);
}

}  // namespace headformer::kernels::quantization
