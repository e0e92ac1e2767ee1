#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/kernels/depthwise.hpp"
#include "headformer/nn/context.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

/// A convolution of each column of a feature map by itself, with a window of 3x3 around each place. x [places, C] -> y
/// [places, C].
struct DepthwiseConvolution {
  Tensor<float> weight;  // [9, C]
  Tensor<float> bias;    // [C]

  HEADFORMER_COLD DepthwiseConvolution(Index width, const Weights& weights) : bias(weights.vector("bias", width)) {
    const Tensor<float> stored = weights.table("weight", Shape{width, 1, 3, 3});
    if (weights.measuring()) return;
    weight = Tensor<float>(Shape{9, width});
    for (Index c = 0; c < width; ++c) {
      for (Index tap = 0; tap < 9; ++tap) weight.data()[tap * width + c] = stored.data()[c * 9 + tap];
    }
  }

  /// The maps of the batch.
  void operator()(Context& context, TensorView<const float> x, TensorView<float> y) const {
    for (const BatchSequence& map : context.batch().sequences) {
      const Index end = map.first_row + map.rows;
      kernels::depthwise(context.compute(), x.slice_rows(map.first_row, end), map.grid, {{3, 3}, {1, 1}, {1, 1}},
                         weight.view(), bias.view(), y.slice_rows(map.first_row, end));
    }
  }
};

}  // namespace headformer
