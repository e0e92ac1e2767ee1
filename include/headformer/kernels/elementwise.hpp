#pragma once

#include "headformer/core/executor.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/kernels/element_functions.hpp"

namespace headformer::kernels {

// Shapes of everything here: [T, F] (inner dimensions taken together), row strides allowed. Work is split by rows; an
// element's bits depend on that element only.

/// y = function(y, constant), element by element, in place; compiles all functions (scale and soft_cap below compile
/// one each). `constant` is the factor of scale and the cap of soft_cap.
void transform(const Compute& compute, ElementFunction function, TensorView<float> y, float constant = 0.0F);

/// y = function(y, x), element by element, in place; add_scaled is y + constant * x.
/// Throws ArgumentError unless both have one size.
void combine(const Compute& compute, PairFunction function, TensorView<float> y, TensorView<const float> x,
             float constant = 0.0F);

/// y += x.
inline void add(const Compute& compute, TensorView<float> y, TensorView<const float> x) {
  combine(compute, PairFunction::add, y, x);
}

/// y *= x.
inline void multiply(const Compute& compute, TensorView<float> y, TensorView<const float> x) {
  combine(compute, PairFunction::multiply, y, x);
}

/// y += factor * x, rounded once where the machine has a fused multiply-add.
inline void add_scaled(const Compute& compute, TensorView<float> y, TensorView<const float> x, float factor) {
  combine(compute, PairFunction::add_scaled, y, x, factor);
}

/// y *= factor.
void scale(const Compute& compute, TensorView<float> y, float factor);

/// y = cap * tanh(y / cap): logits bounded softly (Gemma 2, arXiv:2408.00118).
void soft_cap(const Compute& compute, TensorView<float> y, float cap);

}  // namespace headformer::kernels

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/kernels/elementwise-inl.hpp"
#endif
