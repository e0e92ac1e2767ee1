#pragma once

#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/kernels/activation.hpp"
#include "headformer/kernels/element_rows.hpp"

namespace headformer::kernels {

HEADFORMER_INLINE void activate(const Compute& compute, Activation activation, TensorView<float> x) {
  if (activation == Activation::identity) return;
  parallel_for(compute.executor, x.rows(), detail::row_grain(x.columns()), [&](Index begin, Index end) {
    HEADFORMER_ON_TARGET(compute.isa, apply_activation(activation, detail::GatedRows(x.slice_rows(begin, end))));
  });
}

HEADFORMER_INLINE void gated(const Compute& compute, Activation activation, TensorView<const float> gate,
                             TensorView<const float> up, TensorView<float> y) {
  detail::require_same_size("gated", gate, up);
  detail::require_same_size("gated", gate, y);
  parallel_for(compute.executor, y.rows(), detail::row_grain(y.columns()), [&](Index begin, Index end) {
    const detail::GatedRows rows(y.slice_rows(begin, end), gate.slice_rows(begin, end), up.slice_rows(begin, end));
    HEADFORMER_ON_TARGET(compute.isa, apply_activation(activation, rows));
  });
}

}  // namespace headformer::kernels
