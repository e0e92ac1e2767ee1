#pragma once

#include <string>

#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/kernels/rotary.hpp"
#include "headformer/kernels/rows.hpp"
#include "headformer/kernels/targets.hpp"

#define HEADFORMER_BODY "headformer/kernels/bodies/rotary.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY

namespace headformer::kernels {

HEADFORMER_INLINE void rotary(const Compute& compute, TensorView<float> x, TensorView<const float> cos,
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
