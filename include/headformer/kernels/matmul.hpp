#pragma once

#include <span>

#include "headformer/core/executor.hpp"
#include "headformer/core/scratch.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/kernels/epilogue.hpp"
#include "headformer/kernels/packed_matrix.hpp"

namespace headformer::kernels {

/// One product of x: y = x * weights^T + bias, or y += that, then the epilogue if there is one (it must outlive the
/// call).
struct Product {
  const PackedMatrix* weights = nullptr;  ///< [N, K]
  TensorView<float> y;                    ///< [M, N]; may have a row stride
  const Epilogue* epilogue = nullptr;
  const float* bias = nullptr;  ///< [N] or null
  bool accumulate = false;      ///< onto what y holds: a residual stream updated in place
};

/// Several products of the same activations in one parallel region: y = x * weights^T for each, summed in f32.
///
/// `compute.activations` says what the weights meet. As f32: every output is one chain of fused multiply-adds over
/// ascending k, from the bias on, and quantised weights give the bits of their dequantised f32 form. As int8 (quantised
/// weights only; `automatic` means just that): x is rounded to 8 bits with a scale for each 32, exact integer dot
/// products of 16 or 32 are scaled and summed in f32, over ascending k. As bf16: x is rounded to it; bf16 weights then
/// meet it in the processor's own products where it has them, two at a time. Whichever way, an output's bits depend on
/// its row of x and its row of weights only: not on M, the other rows or the number of threads. (Targets that fuse
/// agree with each other; the portable one without FMA rounds twice.)
///
/// Shapes: x [M, K] (a row stride is allowed), weights [N, K], y [M, N]. x and the ys do not overlap. The memory for
/// other forms of x comes from `scratch`. Throws ArgumentError when shapes disagree, and what an epilogue throws.
void matmul(const Compute& compute, TensorView<const float> x, std::span<const Product> products, Scratch& scratch);

/// y = x * weights^T. Shapes: x [M, K], weights [N, K], y [M, N]. Throws ArgumentError when they disagree.
inline void matmul(const Compute& compute, TensorView<const float> x, const PackedMatrix& weights, TensorView<float> y,
                   Scratch& scratch) {
  const Product product{&weights, y};
  matmul(compute, x, std::span<const Product>(&product, 1), scratch);
}

}  // namespace headformer::kernels

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/kernels/matmul-inl.hpp"
#endif
