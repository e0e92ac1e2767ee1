#pragma once

#include <algorithm>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/models/encoders/head.hpp"
#include "headformer/models/encoders/pooled_rows.hpp"
#include "headformer/models/encoders/transforms.hpp"

namespace headformer {

/// The hidden states themselves, as rows or, where all of them are places of a picture, as a feature map.
class HiddenStates final : public EncoderHead {
 public:
  explicit HiddenStates(Index width, bool as_map = false) : EncoderHead(output_of(width, as_map)) {}

  void operator()(Context&, TensorView<const float> hidden, TensorView<float> y) const override {
    for (Index r = 0; r < hidden.rows(); ++r) std::copy_n(hidden.row(r), hidden.columns(), y.row(r));
  }

 private:
  static EncoderOutput output_of(Index width, bool as_map) {
    EncoderOutput output{{"last_hidden_state"}, width, true};
    output.patches = as_map;
    output.pixels = as_map ? 1 : 0;
    return output;
  }
};

/// What a transform makes of one row a sequence: BERT's pooler, activation(dense(x)).
template <class Transform = DenseTransform>
class PoolerHead final : public EncoderHead {
 public:
  TransformConfig config;
  Transform transform;

  HEADFORMER_COLD PoolerHead(Index inputs, const TransformConfig& c, const Weights& weights)
      : EncoderHead({{"pooler_output"}, c.width}), config(c), transform(inputs, c, weights) {}

  void operator()(Context& context, TensorView<const float> hidden, TensorView<float> y) const override {
    Scratch::Frame frame(context.scratch());
    const auto pooled = transform.apply(context, pooled_rows(context, config, hidden, frame), frame);
    for (Index r = 0; r < y.rows(); ++r) std::copy_n(pooled.row(r), y.columns(), y.row(r));
  }
};

/// Numbers of every token: masked LM, token classification, question answering, replaced tokens.
template <class Transform>
class TokenHead final : public EncoderHead {
 public:
  Transform transform;
  Linear output;  // [output().width, width of the transform]

  HEADFORMER_COLD TokenHead(EncoderOutput shape, Transform t, Linear o)
      : EncoderHead(std::move(shape)), transform(std::move(t)), output(std::move(o)) {}

  void operator()(Context& context, TensorView<const float> hidden, TensorView<float> y) const override {
    Scratch::Frame frame(context.scratch());
    output(context, transform.apply(context, hidden, frame), y);
  }
};

/// Numbers of every sequence: classification, multiple choice, next sentence.
template <class Transform>
class ClassificationHead final : public EncoderHead {
 public:
  TransformConfig config;
  Transform transform;
  Linear output;  // [output().width, width of the transform]

  HEADFORMER_COLD ClassificationHead(EncoderOutput shape, const TransformConfig& c, Transform t, Linear o)
      : EncoderHead(std::move(shape)), config(c), transform(std::move(t)), output(std::move(o)) {}

  void operator()(Context& context, TensorView<const float> hidden, TensorView<float> y) const override {
    Scratch::Frame frame(context.scratch());
    output(context, transform.apply(context, pooled_rows(context, config, hidden, frame), frame), y);
  }
};

}  // namespace headformer
