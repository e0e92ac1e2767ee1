#pragma once

#include <cstdint>
#include <iterator>

#include "headformer/core/dtype.hpp"
#include "headformer/kernels/int8_rows.hpp"
#include "headformer/kernels/packing/expand_panel.hpp"
#include "headformer/kernels/packing/panel_layout.hpp"
#include "headformer/kernels/panel_job.hpp"
#include "headformer/kernels/simd/integer_dot.hpp"
#include "headformer/kernels/vector_math.hpp"

namespace headformer::kernels::detail {

/// Rows that a panel takes at a time: their sums are held beside the unpacked block in L1 and L2.
inline constexpr Index integer_rows_at_once = 192;
/// Rows of the largest tile.
inline constexpr Index integer_tile_rows = 6;

/// Some rows of int8 activations against chunks of 32 k of unpacked codes.
struct IntegerTile {
  const std::byte* x = nullptr;      ///< the first row's record; the others follow it
  const std::byte* codes = nullptr;  ///< raised to a bias of 128, [8 groups][32 lanes][4 k] a chunk
  Index codes_step = 0;              ///< bytes from a chunk's to the next
  Index chunks = 0;
  const float* scales = nullptr;   ///< [sub-blocks][32]
  const float* offsets = nullptr;  ///< [sub-blocks][32], or null
  float* y = nullptr;              ///< [rows][32], added to
};

/// A format as integer products take it.
struct IntegerFormat {
  BlockFormat format;
  BlockPlaces places;
  std::uint8_t values[16] = {};  ///< of codes that are looked up, made unsigned by the bias
  int bias = 0;                  ///< of the codes, from 0 to 128
  int undo_shift = 0;            ///< for that bias, if it is one, Int8Layout's undo is shifted right
};

constexpr IntegerFormat make_integer_format(DType dtype) {
  IntegerFormat result;
  if (!is_quantised(dtype)) return result;
  result.format = block_format(dtype);
  result.places = block_places(result.format);
  int bias = result.format.bias;
  if (result.format.values != nullptr) bias = result.format.values[0] < 0.0F ? 128 : 16;
  for (int i = 0; i < 16 && result.format.values != nullptr; ++i) {
    result.values[i] = static_cast<std::uint8_t>(static_cast<int>(result.format.values[i]) + bias);
  }
  result.bias = bias;
  for (int larger = bias; larger > 0 && larger < 128; larger *= 2) ++result.undo_shift;
  return result;
}

/// Of every quantised dtype, worked out by the compiler: a panel of one row has no time for it.
struct IntegerFormats {
  static constexpr int count = static_cast<int>(std::size(::headformer::detail::dtype_table));
  IntegerFormat of[count];

  constexpr IntegerFormats() {
    for (int i = 0; i < count; ++i) of[i] = make_integer_format(static_cast<DType>(i));
  }
};
inline constexpr IntegerFormats integer_formats;

inline const IntegerFormat& integer_format(DType dtype) { return integer_formats.of[static_cast<int>(dtype)]; }

}  // namespace headformer::kernels::detail

#define HEADFORMER_BODY "headformer/kernels/bodies/integer_tile.inc"
#include "headformer/kernels/for_each_integer_target.inc"
#undef HEADFORMER_BODY
#define HEADFORMER_BODY "headformer/kernels/bodies/integer_codes.inc"
#include "headformer/kernels/for_each_integer_target.inc"
#undef HEADFORMER_BODY
#define HEADFORMER_BODY "headformer/kernels/bodies/integer_panel.inc"
#include "headformer/kernels/for_each_integer_target.inc"
#undef HEADFORMER_BODY
