#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/kernels/activation.hpp"
#include "headformer/nn/ends_in_linear.hpp"
#include "headformer/nn/feed_forward_config.hpp"
#include "headformer/nn/linear.hpp"

namespace headformer {

/// down(act(up(x))). x [T, D] -> y [T, D].
struct Mlp : EndsInLinear<Mlp> {
  kernels::Activation activation;
  Linear up;    // [F, D]
  Linear down;  // [D, F]

  HEADFORMER_COLD Mlp(const FeedForwardConfig& config, const Weights& weights)
      : activation(config.activation),
        up({config.width, {{"up", config.hidden_width}}, config.bias}, weights),
        down({config.hidden_width, {{"down", config.width}}, config.bias}, weights) {}

  const Linear& last() const { return down; }
  /// act(up(x)). Shapes: -> [T, F].
  TensorView<const float> before_last(Context& context, TensorView<const float> x, Scratch::Frame& frame) const {
    const auto result = frame.take_rows<float>(x.rows(), up.outputs());
    up(context, x, result, kernels::Activate{activation, context.compute().isa});
    return result;
  }
};

/// Gated feed-forward (Shazeer 2020, https://arxiv.org/abs/2002.05202): down(act(gate(x)) * up(x)). x [T, D] -> y [T,
/// D].
struct GatedMlp : EndsInLinear<GatedMlp> {
  kernels::Activation activation;
  Linear gate_up;  // [2F, D]
  Linear down;     // [D, F]

  HEADFORMER_COLD GatedMlp(const FeedForwardConfig& config, const Weights& weights)
      : activation(config.activation),
        gate_up({config.width, {{"gate", config.hidden_width}, {"up", config.hidden_width}}, config.bias}, weights),
        down({config.hidden_width, {{"down", config.width}}, config.bias}, weights) {}

  const Linear& last() const { return down; }
  /// act(gate(x)) * up(x). Shapes: -> [T, F].
  TensorView<const float> before_last(Context& context, TensorView<const float> x, Scratch::Frame& frame) const {
    const Index width = gate_up.outputs() / 2;
    const auto both = frame.take_rows<float>(x.rows(), 2 * width);
    const auto gate = both.slice_columns(0, width);
    gate_up(context, x, both);
    kernels::gated(context.compute(), activation, gate, both.slice_columns(width, 2 * width), gate);
    return gate;
  }
};

}  // namespace headformer
