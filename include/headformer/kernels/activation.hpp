#pragma once

#include <cstdint>

#include "headformer/core/executor.hpp"
#include "headformer/kernels/rows.hpp"
#include "headformer/kernels/vector_math.hpp"

namespace headformer::kernels {

/// What stands between two matrices of a feed-forward layer.
enum class Activation : std::uint8_t {
  identity,
  relu,
  relu_squared,  ///< max(x, 0)^2
  sigmoid,
  tanh,
  silu,        ///< x * sigmoid(x), also called swish
  quick_gelu,  ///< x * sigmoid(1.702 x)
  gelu,        ///< x * (1 + erf(x / sqrt(2))) / 2 (arXiv:1606.08415)
  gelu_tanh,   ///< x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2, of the same paper
};

}  // namespace headformer::kernels

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
