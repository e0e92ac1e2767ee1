#pragma once

#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/kernels/activation.hpp"
#include "headformer/kernels/rows.hpp"
#include "headformer/kernels/vector_math.hpp"

#define HEADFORMER_BODY "headformer/kernels/bodies/activation.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY

namespace headformer::kernels {

HEADFORMER_INLINE void activate(const Compute& compute, Activation activation, TensorView<float> x) {
  if (activation == Activation::identity) return;
  parallel_for(compute.executor, x.rows(), detail::row_grain(x.columns()), [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      HEADFORMER_ON_TARGET(compute.isa, apply_activation(activation, x.row(row), x.columns()));
    }
  });
}

HEADFORMER_INLINE void gated(const Compute& compute, Activation activation, TensorView<const float> gate,
                             TensorView<const float> up, TensorView<float> y) {
  detail::require_same_size("gated", gate, up);
  detail::require_same_size("gated", gate, y);
  parallel_for(compute.executor, y.rows(), detail::row_grain(y.columns()), [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      HEADFORMER_ON_TARGET(compute.isa, apply_gated(activation, gate.row(row), up.row(row), y.row(row), y.columns()));
    }
  });
}

}  // namespace headformer::kernels
