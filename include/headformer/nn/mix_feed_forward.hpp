#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/kernels/activation.hpp"
#include "headformer/nn/depthwise_convolution.hpp"
#include "headformer/nn/ends_in_linear.hpp"
#include "headformer/nn/feed_forward_config.hpp"
#include "headformer/nn/linear.hpp"

namespace headformer {

/// Mix-FFN (Xie et al. 2021, https://arxiv.org/abs/2105.15203): down(act(convolution(up(x)))), where what is around a
/// place tells where it is. x [places, D] -> y [places, D].
struct MixFeedForward : EndsInLinear<MixFeedForward> {
  kernels::Activation activation;
  Linear up;  // [F, D]
  DepthwiseConvolution convolution;
  Linear down;  // [D, F]

  HEADFORMER_COLD MixFeedForward(const FeedForwardConfig& config, const Weights& weights)
      : activation(config.activation),
        up({config.width, {{"up", config.hidden_width}}, config.bias}, weights),
        convolution(config.hidden_width, weights / "convolution"),
        down({config.hidden_width, {{"down", config.width}}, config.bias}, weights) {}

  const Linear& last() const { return down; }
  /// Shapes: -> [places, F].
  TensorView<const float> before_last(Context& context, TensorView<const float> x, Scratch::Frame& frame) const {
    const auto result = frame.take_rows<float>(x.rows(), up.outputs());
    Scratch::Frame passing(context.scratch());
    const auto hidden = passing.take_rows<float>(x.rows(), up.outputs());
    up(context, x, hidden);
    convolution(context, hidden, result);
    kernels::activate(context.compute(), activation, result);
    return result;
  }
};

}  // namespace headformer
