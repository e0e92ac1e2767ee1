#pragma once

#include <cstdint>

#include "headformer/core/executor.hpp"
#include "headformer/kernels/rows.hpp"
#include "headformer/kernels/targets.hpp"

#define HEADFORMER_BODY "headformer/kernels/bodies/rotary.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY

namespace headformer::kernels {

/// Which two elements of a head turn together, R being the rotated width.
enum class RotaryLayout : std::uint8_t {
  half_split,   ///< i and i + R/2 (GPT-NeoX, Llama as published by Hugging Face)
  interleaved,  ///< 2i and 2i + 1 (GPT-J, Llama as published by Meta)
};

/// Rotary position embedding (RoFormer, arXiv:2104.09864) of the first R elements of every head, in place:
/// (a, b) becomes (a cos - b sin, b cos + a sin); the rest of a head is left alone.
/// Shapes: x [T, H, D], a row stride allowed; cos and sin [T, R/2], one row a row of x, R <= D.
/// Throws ArgumentError for other sizes. A row's bits do not depend on the other rows.
inline void rotary(const Compute& compute, TensorView<float> x, TensorView<const float> cos,
                   TensorView<const float> sin, RotaryLayout layout) {
  detail::require_same_size("rotary", cos, sin);
  const Index pairs = cos.columns();
  if (x.rank() != 3 || cos.rows() != x.rows() || 2 * pairs > x.size(2))
    throw ArgumentError("rotary: expected x [T, H, D] and cos [T, R/2] with R <= D, found " + to_string(x.shape()) +
                        " and " + to_string(cos.shape()));
  const Index heads = x.size(1);
  const Index head_width = x.size(2);
  const bool interleaved = layout == RotaryLayout::interleaved;
  parallel_for(compute.executor, x.rows(), detail::row_grain(x.columns()), [&](Index begin, Index end) {
    for (Index t = begin; t < end; ++t) {
      HEADFORMER_ON_TARGET(compute.isa,
                           rotate_row(x.row(t), heads, head_width, cos.row(t), sin.row(t), pairs, interleaved));
    }
  });
}

}  // namespace headformer::kernels
