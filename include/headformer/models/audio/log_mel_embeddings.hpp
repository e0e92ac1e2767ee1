#pragma once

#include <span>

#include "headformer/core/cold.hpp"
#include "headformer/models/audio/audio_encoder.hpp"
#include "headformer/nn/embedding.hpp"

namespace headformer {

/// Frames of log-mel features through two convolutions, the second of which halves their number, and learned positions
/// (Whisper's are sinusoids, and in the file).
struct LogMelEmbeddings {
  TemporalConvolution first;   // [D, 3 * C]
  TemporalConvolution second;  // [D, 3 * D]
  LearnedPositions positions;  // [frames, D]

  HEADFORMER_COLD LogMelEmbeddings(const AudioEncoderConfig& config, const Weights& weights)
      : first(config.convolutions[0], weights / "first"),
        second(config.convolutions[1], weights / "second"),
        positions({config.learned_positions, config.width}, weights) {}

  void operator()(Context& context, std::span<const AudioInput> inputs, TensorView<float> x) const {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Scratch::Frame frame(context.scratch());
      const TensorView<const float> features = inputs[i].sound;
      const auto rows = frame.take<float>(Shape{features.columns(), features.rows()});
      for (Index c = 0; c < features.rows(); ++c) {
        for (Index r = 0; r < rows.rows(); ++r) rows.row(r)[c] = features.row(c)[r];
      }
      const auto convolved = frame.take<float>(Shape{rows.rows(), x.columns()});
      first(context, rows, convolved);
      const BatchSequence& sequence = context.batch().sequences[i];
      second(context, convolved, x.slice_rows(sequence.first_row, sequence.first_row + sequence.rows));
    }
    positions(context, x);
  }
};

}  // namespace headformer
