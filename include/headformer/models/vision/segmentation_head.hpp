#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/kernels/activation.hpp"
#include "headformer/models/encoders/head.hpp"
#include "headformer/nn/batch_norm.hpp"
#include "headformer/nn/linear.hpp"

namespace headformer {

/// The classes of every place, from all stages' maps side by side, each brought to one width and to the first one's
/// size (Xie et al. 2021, https://arxiv.org/abs/2105.15203).
class SegmentationHead final : public EncoderHead {
 public:
  Linear fuse;        // [E, stages * E]
  BatchNorm norm;     // [E]
  Linear classifier;  // [labels, E]

  HEADFORMER_COLD SegmentationHead(Index inputs, Index width, Index labels, const Weights& weights)
      : EncoderHead(output(labels)),
        fuse({inputs, {{"fuse", width}}}, weights),
        norm(width, weights / "norm"),
        classifier({width, {{"output", labels}}, true}, weights) {}

  void operator()(Context& context, TensorView<const float> hidden, TensorView<float> y) const override {
    Scratch::Frame frame(context.scratch());
    const auto fused = frame.take_rows<float>(hidden.rows(), fuse.outputs());
    fuse(context, hidden, fused, norm);
    kernels::activate(context.compute(), kernels::Activation::relu, fused);
    classifier(context, fused, y);
  }

 private:
  static EncoderOutput output(Index labels) {
    EncoderOutput result{{"logits"}, labels, true};
    result.patches = true;
    result.pixels = 1;
    return result;
  }
};

}  // namespace headformer
