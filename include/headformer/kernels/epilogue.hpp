#pragma once

#include "headformer/core/cpu_features.hpp"
#include "headformer/core/function_ref.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/kernels/activation_kind.hpp"

namespace headformer::kernels {

/// Called with each finished block of a product while it is still in the cache, from the worker that computed it:
/// the block itself (a part of y, which it may change) and where in y it begins. Blocks are disjoint and cover y; how
/// y is cut depends on shapes and threads, so what is done to an element may depend on its place only.
using Epilogue = FunctionRef<void(TensorView<float> block, Index first_row, Index first_column)>;

// The types below are epilogues; each does to an element what the kernel of its name does to a whole tensor.

/// sum = sum + y, where y is scratch of the caller's, for what an epilogue before it made. (A product alone adds by
/// Product::accumulate.) Shapes: sum [M, N], in memory of its own.
struct AccumulateInto {
  TensorView<float> sum;
  Isa isa;
  void operator()(TensorView<float> block, Index first_row, Index first_column) const;
};

/// y *= factors, one a column. Shapes: factors [N].
struct ScaleColumns {
  const float* factors;
  Isa isa;
  void operator()(TensorView<float> block, Index first_row, Index first_column) const;
};

/// y *= factor.
struct Scale {
  float factor;
  Isa isa;
  void operator()(TensorView<float> block, Index first_row, Index first_column) const;
};

/// y = cap * tanh(y / cap).
struct SoftCap {
  float cap;
  Isa isa;
  void operator()(TensorView<float> block, Index first_row, Index first_column) const;
};

/// y = activation(y).
struct Activate {
  Activation activation;
  Isa isa;
  void operator()(TensorView<float> block, Index first_row, Index first_column) const;
};

}  // namespace headformer::kernels

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/kernels/epilogue-inl.hpp"
#endif
