#pragma once

#include "headformer/core/executor.hpp"
#include "headformer/kernels/rows.hpp"
#include "headformer/kernels/vector_math.hpp"

#define HEADFORMER_BODY "headformer/kernels/bodies/softmax.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY

namespace headformer::kernels {

/// x = exp(x - max) / sum(exp(x - max)), each row by itself, in place.
/// Shapes: x [T, N], a row stride allowed. A row's bits do not depend on the other rows. An entry of -infinity gets
/// weight 0; a row of nothing but -infinity becomes NaN, as in the definition.
inline void softmax(const Compute& compute, TensorView<float> x) {
  if (x.columns() == 0) return;
  parallel_for(compute.executor, x.rows(), detail::row_grain(x.columns()), [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) HEADFORMER_ON_TARGET(compute.isa, softmax_row(x.row(row), x.columns()));
  });
}

}  // namespace headformer::kernels
