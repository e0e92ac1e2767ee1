#pragma once

#include <algorithm>
#include <span>

#include "headformer/core/cold.hpp"
#include "headformer/models/audio/audio_encoder.hpp"
#include "headformer/nn/group_norm.hpp"

namespace headformer {

/// Frames of a waveform through three convolutions, with a norm of all of the first's rows together behind it.
struct NormedWaveformEmbeddings {
  TemporalConvolution first;   // [D, 127]
  GroupNorm norm;              // [D]
  TemporalConvolution second;  // [2 D, 7 * D]
  TemporalConvolution third;   // [D, 3 * 2 D]

  HEADFORMER_COLD NormedWaveformEmbeddings(const AudioEncoderConfig& config, const Weights& weights)
      : first(config.convolutions[0], weights / "first"),
        norm({config.width}, weights / "norm"),
        second(config.convolutions[1], weights / "second"),
        third(config.convolutions[2], weights / "third") {}

  void operator()(Context& context, std::span<const AudioInput> inputs, TensorView<float> x) const {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Scratch::Frame frame(context.scratch());
      const auto run = [&](const TemporalConvolution& convolution, TensorView<const float> from) {
        const auto to = frame.take<float>(Shape{convolution.config.rows(from.rows()), convolution.config.outputs});
        convolution(context, from, to);
        return to;
      };
      const auto normed = run(first, TensorView<const float>(inputs[i].sound.data(), {inputs[i].sound.size(0), 1}));
      norm(context, normed, normed);
      const auto frames = run(third, run(second, normed));
      const BatchSequence& sequence = context.batch().sequences[i];
      for (Index r = 0; r < sequence.rows; ++r) std::copy_n(frames.row(r), x.columns(), x.row(sequence.first_row + r));
    }
  }
};

}  // namespace headformer
