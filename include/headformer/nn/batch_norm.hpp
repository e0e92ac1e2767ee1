#pragma once

#include <cmath>

#include "headformer/core/cold.hpp"
#include "headformer/nn/context.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

/// Batch normalisation as it is after training (Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167): each column
/// times a factor, plus a shift. An epilogue of the product before it: its call is that of kernels::Epilogue.
struct BatchNorm {
  Tensor<float> factor;  // [C]
  Tensor<float> shift;   // [C]

  HEADFORMER_COLD BatchNorm(Index width, const Weights& weights)
      : factor(weights.vector("weight", width)), shift(weights.vector("bias", width)) {
    const Tensor<float> mean = weights.vector("running_mean", width);
    const Tensor<float> variance = weights.vector("running_var", width);
    if (weights.measuring()) return;
    constexpr double epsilon = 1e-5;  // no config of a published family names another
    for (Index c = 0; c < width; ++c) {
      const double scale = factor.data()[c] / std::sqrt(variance.data()[c] + epsilon);
      factor.data()[c] = static_cast<float>(scale);
      shift.data()[c] = static_cast<float>(shift.data()[c] - mean.data()[c] * scale);
    }
  }

  void operator()(TensorView<float> block, Index /*first_row*/, Index first_column) const {
    const float* const factors = factor.data() + first_column;
    const float* const shifts = shift.data() + first_column;
    for (Index r = 0; r < block.rows(); ++r) {
      float* const row = block.row(r);
      for (Index c = 0; c < block.columns(); ++c) row[c] = row[c] * factors[c] + shifts[c];
    }
  }
};

}  // namespace headformer
