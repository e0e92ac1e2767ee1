#pragma once

#include "headformer/core/compiled.hpp"
#include "headformer/kernels/element_rows.hpp"
#include "headformer/kernels/elementwise.hpp"

namespace headformer::kernels {

namespace detail {
/// Calls body(block, first row) for blocks of whole rows, in parallel.
template <class Body>
void for_each_rows(const Compute& compute, TensorView<float> y, Body&& body) {
  parallel_for(compute.executor, y.rows(), row_grain(y.columns()),
               [&](Index begin, Index end) { body(ElementRows(y.slice_rows(begin, end)), begin); });
}
}  // namespace detail

HEADFORMER_INLINE void transform(const Compute& compute, ElementFunction function, TensorView<float> y,
                                 float constant) {
  detail::for_each_rows(compute, y, [&](const detail::ElementRows& rows, Index) {
    HEADFORMER_ON_TARGET(compute.isa, transform(function, rows, constant));
  });
}

HEADFORMER_INLINE void combine(const Compute& compute, PairFunction function, TensorView<float> y,
                               TensorView<const float> x, float constant) {
  detail::require_same_size("elementwise", y, x);
  detail::for_each_rows(compute, y, [&](const detail::ElementRows& rows, Index first) {
    HEADFORMER_ON_TARGET(compute.isa, combine(function, rows, x.row(first), x.row_stride(), constant));
  });
}

HEADFORMER_INLINE void scale(const Compute& compute, TensorView<float> y, float factor) {
  detail::for_each_rows(compute, y, [&](const detail::ElementRows& rows, Index) {
    HEADFORMER_ON_TARGET(compute.isa, scale_rows(rows, factor));
  });
}

HEADFORMER_INLINE void soft_cap(const Compute& compute, TensorView<float> y, float cap) {
  detail::for_each_rows(compute, y, [&](const detail::ElementRows& rows, Index) {
    HEADFORMER_ON_TARGET(compute.isa, soft_cap_rows(rows, cap));
  });
}

}  // namespace headformer::kernels
