#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/kernels/activation.hpp"
#include "headformer/models/encoders/head_config.hpp"
#include "headformer/nn/linear.hpp"
#include "headformer/nn/norm.hpp"

namespace headformer {

// What happens to a head's rows before its own matrix: policies. Shapes: x [R, D] -> [R, width of the transform].

/// Nothing.
struct NoTransform {
  NoTransform(Index, const TransformConfig&, const Weights&) {}
  static TensorView<const float> apply(Context&, TensorView<const float> x, Scratch::Frame&) { return x; }
};

/// activation(dense(x)): BERT's pooler.
struct DenseTransform {
  Linear dense;  // [width, D]
  kernels::Activation activation;

  HEADFORMER_COLD DenseTransform(Index inputs, const TransformConfig& config, const Weights& weights)
      : dense({inputs, {{"dense", config.width}}, config.bias}, weights), activation(config.activation) {}

  TensorView<float> apply(Context& context, TensorView<const float> x, Scratch::Frame& frame) const {
    const auto y = frame.take_rows<float>(x.rows(), dense.outputs());
    dense(context, x, y, kernels::Activate{activation, context.compute().isa});
    return y;
  }
};

/// norm(x): CLIP's pooler.
struct NormTransform {
  LayerNorm norm;  // [D]

  HEADFORMER_COLD NormTransform(Index, const TransformConfig& config, const Weights& weights)
      : norm(config.norm, weights / "norm") {}

  TensorView<const float> apply(Context& context, TensorView<const float> x, Scratch::Frame& frame) const {
    const auto y = frame.take_rows<float>(x.rows(), x.columns());
    norm(context, x, y);
    return y;
  }
};

/// norm(activation(dense(x))): BERT's before the vocabulary, ModernBERT's before everything.
struct NormedTransform : DenseTransform {
  LayerNorm norm;  // [width]

  HEADFORMER_COLD NormedTransform(Index inputs, const TransformConfig& config, const Weights& weights)
      : DenseTransform(inputs, config, weights), norm(config.norm, weights / "norm") {}

  TensorView<const float> apply(Context& context, TensorView<const float> x, Scratch::Frame& frame) const {
    const auto y = DenseTransform::apply(context, x, frame);
    norm(context, y, y);
    return y;
  }
};

}  // namespace headformer
