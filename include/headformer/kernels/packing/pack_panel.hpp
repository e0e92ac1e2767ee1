#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "headformer/kernels/packing/block_codes.hpp"
#include "headformer/kernels/packing/panel_layout.hpp"

namespace headformer::kernels::detail {

/// Rows of a plain dtype that are interleaved at once: their lanes make a cache line or half of one.
inline constexpr Index rows_at_once = 16;

/// Writes `count` <= rows_at_once rows of a plain dtype into lanes [lane, lane + count) of a zeroed or full panel.
template <class Word>
void pack_plain_rows(const std::byte* const* rows, Index count, Index inputs, Index lane, bool interleaved,
                     std::byte* panel) {
  // Word (k, lane) sits at k * 48 + lane, or with pairs of k in a lane at (k / 2) * 96 + lane * 2 + k % 2.
  const Index step = interleaved ? 2 : 1;
  for (Index k = 0; k < inputs; ++k) {
    const Index first = interleaved ? (k / 2) * (plain_panel * 2) + lane * 2 + k % 2 : k * plain_panel + lane;
    std::byte* to = panel + first * static_cast<Index>(sizeof(Word));
    for (Index row = 0; row < count; ++row) {
      std::memcpy(to, rows[row] + k * static_cast<Index>(sizeof(Word)), sizeof(Word));
      to += step * static_cast<Index>(sizeof(Word));
    }
  }
}

/// Splits 32 codes, four in a word, into planes of `bits` bits starting at bit `from`, for one lane of 32.
inline std::byte* write_plane(const std::uint32_t* words, int from, int bits, Index lane, std::byte* to) {
  const int groups = 8 / bits;  // that share a unit of 128 bytes
  const std::uint32_t mask = ((1U << bits) - 1U) * 0x01010101U;
  for (int unit = 0; unit < 8 / groups; ++unit) {
    std::uint32_t lane_bits = 0;
    for (int i = 0; i < groups; ++i) lane_bits |= ((words[unit * groups + i] >> from) & mask) << (i * bits);
    std::memcpy(to + unit * 128 + lane * 4, &lane_bits, sizeof lane_bits);
  }
  return to + (8 / groups) * 128;
}

/// Writes one row of a quantised dtype, as in the file, into a lane of a panel.
inline void pack_quantised_row(DType dtype, const std::byte* row, Index inputs, Index lane, std::byte* panel) {
  const BlockFormat format = block_format(dtype);
  const BlockPlaces places = block_places(format);
  const auto at = static_cast<std::size_t>(lane);
  BlockCodes codes;
  for (Index k = 0; k < inputs; k += format.block) {
    read_block_codes(dtype, row, codes);
    row += block_bytes(dtype);
    if (format.exponent_scale) {
      panel[at] = static_cast<std::byte>(codes.scale);
    } else {
      std::memcpy(panel + at * 2, &codes.scale, 2);
    }
    if (format.offset != Offset::none) std::memcpy(panel + places.minimum + at * 2, &codes.minimum, 2);
    for (std::size_t i = 0; i < static_cast<std::size_t>(format.sub_blocks()); ++i) {
      const std::size_t place = i * quantised_panel + at;
      if (format.sub_scale != SubScale::none) panel[places.sub_scales + place] = codes.sub_scales[i];
      if (format.offset == Offset::byte) panel[places.sub_minima + place] = codes.sub_minima[i];
    }
    std::byte* to = panel + places.codes;
    for (Index chunk = 0; chunk < format.block; chunk += chunk_length) {
      std::uint32_t words[8];
      std::memcpy(words, codes.codes + chunk, sizeof words);
      to = write_plane(words, 0, format.low_bits, lane, to);
      if (format.high_bits > 0) to = write_plane(words, format.low_bits, format.high_bits, lane, to);
    }
    panel += places.bytes;
  }
}

}  // namespace headformer::kernels::detail
