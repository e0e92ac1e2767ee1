#pragma once

#include <span>

#include "headformer/core/executor.hpp"
#include "headformer/core/function_ref.hpp"
#include "headformer/core/scratch.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/kernels/packed_matrix.hpp"

namespace headformer::kernels {

/// Called with each finished block of a product while it is still in the cache, from the worker that computed it:
/// the block itself (a part of y, which it may change) and where in y it begins. Blocks are disjoint and cover y; how
/// y is cut depends on shapes and threads, so what is done to an element may depend on its place only.
using Epilogue = FunctionRef<void(TensorView<float> block, Index first_row, Index first_column)>;

/// y += bias. Shapes: bias [N].
struct AddBias {
  const float* bias;

  void operator()(TensorView<float> block, Index /*first_row*/, Index first_column) const {
    for (Index row = 0; row < block.rows(); ++row) {
      float* const y = block.row(row);
      for (Index i = 0; i < block.columns(); ++i) y[i] += bias[first_column + i];
    }
  }
};

/// y = residual + y. Shapes: residual [M, N], in memory of its own.
struct AddResidual {
  TensorView<const float> residual;

  void operator()(TensorView<float> block, Index first_row, Index first_column) const {
    for (Index row = 0; row < block.rows(); ++row) {
      float* const y = block.row(row);
      const float* const from = residual.row(first_row + row) + first_column;
      for (Index i = 0; i < block.columns(); ++i) y[i] = from[i] + y[i];
    }
  }
};

/// sum = sum + y, where y is scratch of the caller's: a residual stream updated in place. Shapes: sum [M, N], in memory
/// of its own.
struct AccumulateInto {
  TensorView<float> sum;

  void operator()(TensorView<float> block, Index first_row, Index first_column) const {
    for (Index row = 0; row < block.rows(); ++row) {
      const float* const y = block.row(row);
      float* const to = sum.row(first_row + row) + first_column;
      for (Index i = 0; i < block.columns(); ++i) to[i] += y[i];
    }
  }
};

/// One product of x: y = x * weights^T, then the epilogue if there is one (it must outlive the call).
struct Product {
  const PackedMatrix* weights = nullptr;  ///< [N, K]
  TensorView<float> y;                    ///< [M, N]; may have a row stride
  const Epilogue* epilogue = nullptr;
};

/// Several products of the same activations in one parallel region: y = x * weights^T for each, summed in f32.
///
/// `compute.activations` says what the weights meet. As f32: every output is one chain of fused multiply-adds over
/// ascending k, and quantised weights give the bits of their dequantised f32 form. As int8 (quantised weights only;
/// `automatic` means just that): x is rounded to 8 bits with a scale for each 32, exact integer dot products of 16 or
/// 32 are scaled and summed in f32, over ascending k. As bf16: x is rounded to it; bf16 weights then meet it in the
/// processor's own products where it has them, two at a time. Whichever way, an output's bits depend on its row of x
/// and its row of weights only: not on M, the other rows or the number of threads. (Targets that fuse agree with each
/// other; the portable one without FMA rounds twice.)
///
/// Shapes: x [M, K] (a row stride is allowed), weights [N, K], y [M, N]. x and the ys do not overlap. The memory for
/// other forms of x comes from `scratch`. Throws ArgumentError when shapes disagree, and what an epilogue throws.
void matmul(const Compute& compute, TensorView<const float> x, std::span<const Product> products, Scratch& scratch);

/// y = x * weights^T. Shapes: x [M, K], weights [N, K], y [M, N]. Throws ArgumentError when they disagree.
inline void matmul(const Compute& compute, TensorView<const float> x, const PackedMatrix& weights, TensorView<float> y,
                   Scratch& scratch) {
  const Product product{&weights, y, nullptr};
  matmul(compute, x, std::span<const Product>(&product, 1), scratch);
}

}  // namespace headformer::kernels

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/kernels/matmul-inl.hpp"
#endif
