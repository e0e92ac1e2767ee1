#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "headformer/kernels/quantization/bytes.hpp"
#include "headformer/kernels/quantization/dequantise_super_blocks.hpp"
#include "headformer/kernels/quantization/rounding.hpp"
#include "headformer/kernels/quantization/scale_search.hpp"

namespace headformer::kernels::quantization {

// The reference rounding of the formats of 256 elements: search the best scales of the sub-blocks, round the scales,
// then round the elements once more to the rounded scales. Layouts: dequantise_super_blocks.hpp.

using SuperBlockQuants = std::array<std::uint8_t, super_block>;

template <std::size_t count>
void store_lanes(const LaneRows<count>& rows, std::uint8_t* quants) {
  for (std::size_t lane = 0; lane < lane_count; ++lane)
    for (std::size_t i = 0; i < count; ++i) quants[lane * count + i] = static_cast<std::uint8_t>(rows[i][lane]);
}

/// Eight values of one sign as 6-bit integers of a common scale, which is returned.
inline float quantise_to_six_bits(const std::array<float, 8>& values, std::array<std::uint8_t, 8>& quants) {
  float most = 0.0F;
  for (const float value : values)
    if (value > most) most = value;
  const float inverse = most > 0.0F ? 63.0F / most : 0.0F;
  for (std::size_t i = 0; i < values.size(); ++i) {
    // A negative scale wraps to a large byte in the reference, and so becomes the greatest.
    const auto quant = static_cast<std::uint8_t>(rounded_even(product(inverse, values[i])));
    quants[i] = quant < 63 ? quant : std::uint8_t{63};
  }
  return most / 63.0F;
}

/// What Q4_K and Q5_K share: writes d, dmin, scales and offsets (16 bytes), returns the quants in [0, most].
inline SuperBlockQuants quantise_with_offsets(const float* x, const OffsetScaleSearch::Trials& trials,
                                              std::byte* block) {
  constexpr std::size_t count = OffsetScaleSearch::count;
  SuperBlockQuants quants;
  std::array<float, 8> found_scales;
  std::array<float, 8> found_offsets;
  OffsetScaleSearch search;
  for (std::size_t first = 0; first < found_scales.size(); first += lane_count) {
    search.run(x + count * first, trials);
    store_lanes<count>(search.quants, quants.data() + count * first);
    for (std::size_t lane = 0; lane < lane_count; ++lane) {
      found_scales[first + lane] = search.scale[lane];
      found_offsets[first + lane] = search.offset[lane];
    }
  }
  SixBitScales scales;
  store_scale(block, quantise_to_six_bits(found_scales, scales.scale));
  store_scale(block + 2, quantise_to_six_bits(found_offsets, scales.offset));
  scales.store(block + 4);
  const float d = load_half(block);
  const float dmin = load_half(block + 2);
  for (std::size_t i = 0; i < 8; ++i) {
    const float scale = d * static_cast<float>(scales.scale[i]);  // exact, as is the offset
    if (scale == 0.0F) continue;                                  // the search's quants stay
    const float offset = dmin * static_cast<float>(scales.offset[i]);
    for (std::size_t l = 32 * i; l < 32 * (i + 1); ++l)
      quants[l] = static_cast<std::uint8_t>(clamped(rounded_even((x[l] + offset) / scale), 0, trials.most));
  }
  return quants;
}

/// The low nibbles of eight runs of 32, two runs in each 32 bytes.
inline void store_paired_nibbles(const SuperBlockQuants& quants, std::byte* out) {
  for (std::size_t pair = 0; pair < 4; ++pair)
    for (std::size_t l = 0; l < 32; ++l)
      out[32 * pair + l] =
          static_cast<std::byte>((quants[64 * pair + l] & 0xfU) | ((quants[64 * pair + 32 + l] & 0xfU) << 4));
}

inline void quantise_q4_k(const float* x, std::byte* block) {
  const SuperBlockQuants quants = quantise_with_offsets(x, {15, -1.0F, 0.1F, 20}, block);
  store_paired_nibbles(quants, block + 16);
}

inline void quantise_q5_k(const float* x, std::byte* block) {
  const SuperBlockQuants quants = quantise_with_offsets(x, {31, -0.5F, 0.1F, 15}, block);
  for (std::size_t l = 0; l < 32; ++l) {
    unsigned bits = 0;
    for (std::size_t i = 0; i < 8; ++i) bits |= ((quants[32 * i + l] >> 4) & 1U) << i;
    block[16 + l] = static_cast<std::byte>(bits);
  }
  store_paired_nibbles(quants, block + 48);
}

inline void store_q6_k(const SuperBlockQuants& quants, std::byte* block) {
  for (std::size_t half = 0; half < 2; ++half) {
    const std::uint8_t* q = quants.data() + 128 * half;
    for (std::size_t l = 0; l < 64; ++l)
      block[64 * half + l] = static_cast<std::byte>((q[l] & 0xfU) | ((q[l + 64] & 0xfU) << 4));
    for (std::size_t l = 0; l < 32; ++l)
      block[128 + 32 * half + l] =
          static_cast<std::byte>(((q[l] >> 4) & 3U) | (((q[l + 32] >> 4) & 3U) << 2) | (((q[l + 64] >> 4) & 3U) << 4) |
                                 (((q[l + 96] >> 4) & 3U) << 6));
  }
}

inline void quantise_q6_k(const float* x, std::byte* block) {
  constexpr std::size_t sub_blocks = 16;
  constexpr std::size_t count = ScaleSearch::count;
  SuperBlockQuants quants;
  std::array<float, sub_blocks> scales;
  for (std::size_t first = 0; first < sub_blocks; first += lane_count) {
    ScaleSearch search;
    search.run(x + count * first);
    store_lanes<count>(search.quants, quants.data() + count * first);
    for (std::size_t lane = 0; lane < lane_count; ++lane) scales[first + lane] = search.scale[lane];
  }
  float extreme_scale = 0.0F;
  for (const float scale : scales)
    if (std::abs(scale) > std::abs(extreme_scale)) extreme_scale = scale;
  constexpr float nothing = 1e-15F;
  if (std::abs(extreme_scale) < nothing) {
    std::memset(block, 0, block_bytes(DType::q6_k));
    return;
  }
  const float inverse = -128.0F / extreme_scale;
  store_scale(block + 208, 1.0F / inverse);
  const float d = load_half(block + 208);
  for (std::size_t i = 0; i < sub_blocks; ++i) {
    const int rounded = rounded_even(product(inverse, scales[i]));
    const auto quant = static_cast<std::int8_t>(static_cast<std::uint8_t>(rounded < 127 ? rounded : 127));
    store(block + 192 + i, quant);
    const float scale = d * static_cast<float>(quant);
    if (scale == 0.0F) continue;  // the search's quants stay
    for (std::size_t l = count * i; l < count * (i + 1); ++l)
      quants[l] = static_cast<std::uint8_t>(clamped(rounded_even(x[l] / scale), -32, 31) + 32);
  }
  store_q6_k(quants, block);
}

}  // namespace headformer::kernels::quantization
