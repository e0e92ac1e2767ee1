#pragma once

#include <algorithm>

#include "headformer/blocks/layer_config.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/kernels/activation.hpp"
#include "headformer/kernels/elementwise.hpp"
#include "headformer/nn/context.hpp"
#include "headformer/nn/linear.hpp"
#include "headformer/nn/norm.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

/// A layer with a convolution over the tokens beside it (DeBERTa v2's n-gram induced input encoding):
/// norm(layer(x) + activation(convolution(x))). x [T, D] in place.
template <Block Layer>
struct ConvolvedBlock {
  ConvolutionConfig config;
  Layer layer;
  Linear convolution;  // [D, D * taps], the taps of an input side by side
  LayerNorm norm;      // [D]

  HEADFORMER_COLD ConvolvedBlock(const LayerConfig& c, const Weights& weights)
      : config(c.convolution),
        layer(c, weights),
        convolution({c.norm.width * config.taps, {{"convolution", c.norm.width}}, true}, weights),
        norm(c.norm, weights / "convolution_norm") {}

  void operator()(Context& context, TensorView<float> x) const {
    Scratch::Frame frame(context.scratch());
    const auto windows = frame.take_rows<float>(x.rows(), x.columns() * config.taps);
    for (const BatchSequence& sequence : context.batch().sequences) gather(context, sequence, x, windows);
    const auto convolved = frame.take_rows<float>(x.rows(), x.columns());
    convolution(context, windows, convolved, kernels::Activate{config.activation, context.compute().isa});
    layer(context, x);
    kernels::add(context.compute(), x, convolved);
    norm(context, x, x);
  }

 private:
  /// What each token's convolution sees: zeros before the sequence, after it and where a token is hidden.
  void gather(Context& context, const BatchSequence& sequence, TensorView<const float> x,
              TensorView<float> windows) const {
    const Index taps = config.taps;
    const auto seen = [&](Index r) {
      return r >= 0 && r < sequence.rows &&
             (sequence.key_bias.empty() || sequence.key_bias[static_cast<std::size_t>(r)] == 0);
    };
    parallel_for(context.compute().executor, sequence.rows, 8, [&](Index begin, Index end) {
      for (Index r = begin; r < end; ++r) {
        float* const to = windows.row(sequence.first_row + r);
        for (Index tap = 0; tap < taps; ++tap) {
          const Index from = r + tap - (taps - 1) / 2;
          const float* const row = seen(from) ? x.row(sequence.first_row + from) : nullptr;
          for (Index c = 0; c < x.columns(); ++c) to[c * taps + tap] = row == nullptr ? 0.0F : row[c];
        }
      }
    });
  }
};

}  // namespace headformer
