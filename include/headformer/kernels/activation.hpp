#pragma once

#include "headformer/core/executor.hpp"
#include "headformer/kernels/activation_kind.hpp"
#include "headformer/kernels/rows.hpp"
#include "headformer/kernels/vector_math.hpp"

#define HEADFORMER_BODY "headformer/kernels/bodies/activation.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY

namespace headformer::kernels {

/// x = activation(x).
/// Shapes: x [T, F], a row stride allowed. An element's bits depend on that element only.
inline void activate(const Compute& compute, Activation activation, TensorView<float> x) {
  if (activation == Activation::identity) return;
  parallel_for(compute.executor, x.rows(), detail::row_grain(x.columns()), [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      HEADFORMER_ON_TARGET(compute.isa, apply_activation(activation, x.row(row), x.columns()));
    }
  });
}

/// y = activation(gate) * up: the middle of a gated feed-forward (GLU Variants Improve Transformer, arXiv:2002.05202).
/// Shapes: gate, up, y [T, F], row strides allowed; y may be gate or up itself. Throws ArgumentError for other sizes.
inline void gated(const Compute& compute, Activation activation, TensorView<const float> gate,
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
