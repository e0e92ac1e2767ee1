#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "headformer/kernels/packing/block_codes.hpp"
#include "headformer/kernels/packing/panel_layout.hpp"
#include "headformer/kernels/targets.hpp"

namespace headformer::kernels::detail {

/// Rows that are interleaved at once: of a plain dtype 16, whose lanes make a cache line or half of one; of a quantised
/// one all of a panel.
constexpr Index rows_at_once(DType dtype) { return is_quantised(dtype) ? quantised_panel : 16; }

/// Writes `count` rows (16 at most) of `words` words into lanes [lane, lane + count) of a zeroed or full panel: word w
/// of a row goes to w * 48 + lane. A cache line of each row at a time: rows of a power of two fall on the same places
/// of a cache, which would lose a line between two words of it.
template <class Word>
void pack_words(const std::byte* const* rows, Index count, Index words, Index lane, std::byte* panel) {
  constexpr Index at_once = 64 / static_cast<Index>(sizeof(Word));
  Word lines[16][at_once];
  for (Index first = 0; first < words; first += at_once) {
    const Index length = words - first < at_once ? words - first : at_once;
    for (Index row = 0; row < count; ++row) {
      std::memcpy(lines[row], rows[row] + first * static_cast<Index>(sizeof(Word)),
                  static_cast<std::size_t>(length) * sizeof(Word));
    }
    for (Index i = 0; i < length; ++i) {
      std::byte* to = panel + ((first + i) * plain_panel + lane) * static_cast<Index>(sizeof(Word));
      for (Index row = 0; row < count; ++row, to += sizeof(Word)) std::memcpy(to, &lines[row][i], sizeof(Word));
    }
  }
}

/// The same for a plain dtype: bf16 has two k in a word, and an odd last one in the low half of it.
inline void pack_plain_rows(DType dtype, const std::byte* const* rows, Index count, Index inputs, Index lane,
                            std::byte* panel) {
  if (dtype == DType::f32) return pack_words<std::uint32_t>(rows, count, inputs, lane, panel);
  if (dtype == DType::f16) return pack_words<std::uint16_t>(rows, count, inputs, lane, panel);
  pack_words<std::uint32_t>(rows, count, inputs / 2, lane, panel);
  if (inputs % 2 == 0) return;
  for (Index row = 0; row < count; ++row) {
    std::memcpy(panel + (inputs / 2 * plain_panel + lane + row) * 4, rows[row] + (inputs - 1) * 2, 2);
  }
}

/// Bits [From, From + Bits) of the groups from `group` on that share a unit, for one lane of 32; words hold four codes
/// each. Returns where the next unit goes.
template <int From, int Bits>
std::byte* write_unit(const std::uint32_t* words, int group, Index lane, std::byte* to) {
  constexpr std::uint32_t mask = Bits == 8 ? ~0U : ((1U << Bits % 8) - 1U) * 0x01010101U;
  std::uint32_t lane_bits = (words[group] >> From) & mask;
  for (int i = 1; i < groups_in_unit(Bits); ++i) lane_bits |= ((words[group + i] >> From) & mask) << (i * Bits);
  std::memcpy(to + lane * 4, &lane_bits, sizeof lane_bits);
  return to + 128;
}

/// Codes of some chunks, split into their planes, for one lane of 32. (A template, for every weight of a checkpoint
/// comes by.)
template <int LowBits, int HighBits>
void write_codes(const std::uint8_t* codes, Index chunks, Index lane, std::byte* to) {
  for (Index chunk = 0; chunk < chunks; ++chunk) {
    std::uint32_t words[8];
    std::memcpy(words, codes + chunk * chunk_length, sizeof words);
    HEADFORMER_UNROLL
    for (int group = 0; group < 8; group += groups_in_unit(LowBits)) {
      if constexpr (HighBits > 0) {
        if (group % groups_in_unit(HighBits) == 0) to = write_unit<LowBits, HighBits>(words, group, lane, to);
      }
      to = write_unit<0, LowBits>(words, group, lane, to);
    }
  }
}
inline void write_codes(const BlockFormat& format, const std::uint8_t* codes, Index lane, std::byte* to) {
  const Index chunks = format.block / chunk_length;
  if (format.low_bits == 8) return write_codes<8, 0>(codes, chunks, lane, to);
  if (format.low_bits == 2) {
    return format.high_bits == 0 ? write_codes<2, 0>(codes, chunks, lane, to)
                                 : write_codes<2, 1>(codes, chunks, lane, to);
  }
  if (format.high_bits == 2) return write_codes<4, 2>(codes, chunks, lane, to);
  if (format.high_bits == 1) return write_codes<4, 1>(codes, chunks, lane, to);
  write_codes<4, 0>(codes, chunks, lane, to);
}

/// Writes a block taken apart into a lane of a panel's block.
inline void pack_block(const BlockFormat& format, const BlockPlaces& places, const BlockCodes& codes, Index lane,
                       std::byte* block) {
  const auto at = static_cast<std::size_t>(lane);
  if (format.exponent_scale) {
    block[at] = static_cast<std::byte>(codes.scale);
  } else {
    std::memcpy(block + at * 2, &codes.scale, 2);
  }
  if (format.offset != Offset::none) std::memcpy(block + places.minimum + at * 2, &codes.minimum, 2);
  for (std::size_t i = 0; i < static_cast<std::size_t>(format.sub_blocks()); ++i) {
    const std::size_t place = i * quantised_panel + at;
    if (format.sub_scale != SubScale::none) block[places.sub_scales + place] = codes.sub_scales[i];
    if (format.offset == Offset::byte) block[places.sub_minima + place] = codes.sub_minima[i];
  }
  write_codes(format, codes.codes, lane, block + places.codes);
}

/// Writes `count` rows of a quantised dtype, as in the file, into the first lanes of a panel: a block of all rows after
/// the other, so that what is written stays in L1.
inline void pack_quantised_rows(DType dtype, const std::byte* const* rows, Index count, Index inputs,
                                std::byte* panel) {
  const BlockFormat format = block_format(dtype);
  const BlockPlaces places = block_places(format);
  // Rows are read side by side below, too many streams for the processor to see coming.
  const std::size_t bytes = row_bytes(dtype, static_cast<std::size_t>(inputs));
  for (Index row = 0; row < count; ++row) {
    for (std::size_t line = 0; line < bytes; line += 64) __builtin_prefetch(rows[row] + line, 0, 2);
  }
  BlockCodes codes;
  for (Index block = 0; block < inputs / format.block; ++block) {
    const std::size_t from = static_cast<std::size_t>(block) * block_bytes(dtype);
    for (Index lane = 0; lane < count; ++lane) {
      read_block_codes(dtype, rows[lane] + from, codes);
      pack_block(format, places, codes, lane, panel);
    }
    panel += places.bytes;
  }
}

}  // namespace headformer::kernels::detail
