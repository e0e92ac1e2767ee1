#pragma once

#include "headformer/core/executor.hpp"
#include "headformer/core/tensor.hpp"

namespace headformer::kernels {

/// y = x / sqrt(mean(x^2) + epsilon) * (weight + weight_offset), over the last dimension
/// (Root Mean Square Layer Normalization, arXiv:1910.07467).
/// `weight_offset` is 1 for Gemma's norms, which store weight - 1. A null weight means ones.
/// Shapes: x, y [T, D] with weight [D], or [T, H, D] for a norm of each head; row strides allowed, y may be x.
/// Throws ArgumentError for other sizes. A row's bits do not depend on the other rows.
void rms_norm(const Compute& compute, TensorView<const float> x, TensorView<const float> weight, float epsilon,
              TensorView<float> y, float weight_offset = 0.0F);

/// y = (x - mean) / sqrt(variance + epsilon) * weight + bias, over the last dimension (Layer Normalization,
/// arXiv:1607.06450). A null weight means ones, a null bias zeros.
/// Shapes: x, y [T, D] with weight and bias [D], or [T, H, D]; row strides allowed, y may be x.
/// Throws ArgumentError for other sizes. A row's bits do not depend on the other rows.
void layer_norm(const Compute& compute, TensorView<const float> x, TensorView<const float> weight,
                TensorView<const float> bias, float epsilon, TensorView<float> y);

}  // namespace headformer::kernels

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/kernels/normalization-inl.hpp"
#endif
