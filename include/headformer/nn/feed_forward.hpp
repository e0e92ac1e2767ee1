#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/kernels/activation.hpp"
#include "headformer/nn/feed_forward_config.hpp"
#include "headformer/nn/linear.hpp"

namespace headformer {

/// down(act(up(x))), added to the residual. x [T, D] -> y [T, D].
struct Mlp {
  kernels::Activation activation;
  Linear up;    // [F, D]
  Linear down;  // [D, F]

  HEADFORMER_COLD Mlp(const FeedForwardConfig& config, const Weights& weights)
      : activation(config.activation),
        up({config.width, {{"up", config.hidden_width}}, config.bias}, weights),
        down({config.hidden_width, {{"down", config.width}}, config.bias}, weights) {}

  /// y = down(act(up(x))).
  void operator()(Context& context, TensorView<const float> x, TensorView<float> y) const {
    Scratch::Frame frame(context.scratch());
    const auto hidden = frame.take<float>(Shape{x.rows(), up.outputs()});
    up(context, x, hidden);
    kernels::activate(context.compute(), activation, hidden);
    down(context, hidden, y);
  }
};

/// Gated feed-forward (Shazeer 2020, https://arxiv.org/abs/2002.05202): down(act(gate(x)) * up(x)). x [T, D] -> y [T,
/// D].
struct GatedMlp {
  kernels::Activation activation;
  Linear gate_up;  // [2F, D]
  Linear down;     // [D, F]

  HEADFORMER_COLD GatedMlp(const FeedForwardConfig& config, const Weights& weights)
      : activation(config.activation),
        gate_up({config.width, {{"gate", config.hidden_width}, {"up", config.hidden_width}}, config.bias}, weights),
        down({config.hidden_width, {{"down", config.width}}, config.bias}, weights) {}

  void operator()(Context& context, TensorView<const float> x, TensorView<float> y) const {
    Scratch::Frame frame(context.scratch());
    const Index hidden_width = gate_up.outputs() / 2;
    const auto both = frame.take<float>(Shape{x.rows(), 2 * hidden_width});
    gate_up(context, x, both);
    const auto gate = both.slice_columns(0, hidden_width);
    kernels::gated(context.compute(), activation, gate, both.slice_columns(hidden_width, 2 * hidden_width), gate);
    down(context, gate, y);
  }
};

}  // namespace headformer
