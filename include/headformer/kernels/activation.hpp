#pragma once

#include "headformer/core/executor.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/kernels/activation_kind.hpp"

namespace headformer::kernels {

/// x = activation(x).
/// Shapes: x [T, F], a row stride allowed. An element's bits depend on that element only.
void activate(const Compute& compute, Activation activation, TensorView<float> x);

/// y = activation(gate) * up: the middle of a gated feed-forward (GLU Variants Improve Transformer, arXiv:2002.05202).
/// Shapes: gate, up, y [T, F], row strides allowed; y may be gate or up itself. Throws ArgumentError for other sizes.
void gated(const Compute& compute, Activation activation, TensorView<const float> gate, TensorView<const float> up,
           TensorView<float> y);

}  // namespace headformer::kernels

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/kernels/activation-inl.hpp"
#endif
