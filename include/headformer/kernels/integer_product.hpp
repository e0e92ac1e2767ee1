#pragma once

#include "headformer/kernels/int8_rows.hpp"
#include "headformer/kernels/packing/expand_panel.hpp"
#include "headformer/kernels/packing/panel_layout.hpp"
#include "headformer/kernels/panel_job.hpp"
#include "headformer/kernels/simd/integer_dot.hpp"

namespace headformer::kernels::detail {

/// Some rows of int8 activations against chunks of 32 k of unpacked codes.
struct IntegerTile {
  const std::byte* x = nullptr;  ///< the first row's record
  Index record = 0;              ///< bytes from a row's record to the next
  Index scaled_sums = 0;         ///< where in a record
  const std::byte* minus_sums = nullptr;
  Index sums_stride = 0;  ///< bytes from a row's to the next
  Index sums_step = 0;    ///< bytes from a chunk's to the next
  int bias_bits = 0;
  const std::byte* codes = nullptr;  ///< [8 groups][32 lanes][4 k] a chunk
  Index codes_step = 0;              ///< bytes from a chunk's to the next
  Index chunks = 0;
  const float* scales = nullptr;   ///< [sub-blocks][32]
  const float* offsets = nullptr;  ///< [sub-blocks][32], or null
  float* y = nullptr;              ///< [rows][32]
  bool resume = false;             ///< start from y, not from zero
};

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
