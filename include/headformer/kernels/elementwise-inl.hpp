#pragma once

#include "headformer/core/compiled.hpp"
#include "headformer/kernels/elementwise.hpp"
#include "headformer/kernels/rows.hpp"
#include "headformer/kernels/vector_math.hpp"

#define HEADFORMER_BODY "headformer/kernels/bodies/elementwise.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY

namespace headformer::kernels {

namespace detail {
template <class Row>
void for_each_row(const Compute& compute, TensorView<float> y, Row&& row) {
  parallel_for(compute.executor, y.rows(), row_grain(y.columns()), [&](Index begin, Index end) {
    for (Index r = begin; r < end; ++r) row(y.row(r), y.columns());
  });
}
}  // namespace detail

HEADFORMER_INLINE void transform(const Compute& compute, ElementFunction function, TensorView<float> y,
                                 float constant) {
  detail::for_each_row(compute, y, [&](float* row, Index count) {
    HEADFORMER_ON_TARGET(compute.isa, transform(function, row, count, constant));
  });
}

HEADFORMER_INLINE void combine(const Compute& compute, PairFunction function, TensorView<float> y,
                               TensorView<const float> x, float constant) {
  detail::require_same_size("elementwise", y, x);
  parallel_for(compute.executor, y.rows(), detail::row_grain(y.columns()), [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      HEADFORMER_ON_TARGET(compute.isa, combine(function, y.row(row), x.row(row), y.columns(), constant));
    }
  });
}

HEADFORMER_INLINE void scale(const Compute& compute, TensorView<float> y, float factor) {
  detail::for_each_row(
      compute, y, [&](float* row, Index count) { HEADFORMER_ON_TARGET(compute.isa, scale_row(row, count, factor)); });
}

HEADFORMER_INLINE void soft_cap(const Compute& compute, TensorView<float> y, float cap) {
  detail::for_each_row(
      compute, y, [&](float* row, Index count) { HEADFORMER_ON_TARGET(compute.isa, soft_cap_row(row, count, cap)); });
}

}  // namespace headformer::kernels
