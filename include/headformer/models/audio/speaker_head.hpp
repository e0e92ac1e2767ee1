#pragma once

#include <algorithm>
#include <cmath>
#include <deque>

#include "headformer/core/cold.hpp"
#include "headformer/models/audio/config.hpp"
#include "headformer/models/encoders/head.hpp"
#include "headformer/nn/linear.hpp"

namespace headformer {

/// x-vectors (Snyder et al. 2018): layers of taps that lie apart, mean and deviation of what they make of a sound, and
/// two matrices.
class SpeakerHead final : public EncoderHead {
 public:
  std::vector<TimeDelayConfig> configs;
  Linear projection;           // [C0, D]
  std::deque<Linear> delays;   // [C, taps * C before] each
  Linear embedding;            // [output().width / 2, 2 C]
  Linear output_of_embedding;  // [output().width / 2, output().width / 2]

  HEADFORMER_COLD SpeakerHead(const AudioEncoderConfig& config, const Weights& weights)
      : EncoderHead({{"logits", "embeddings"}, 2 * config.speaker_width}),
        configs(config.time_delays),
        projection({config.width, {{"projection", configs.front().inputs}}, true}, weights),
        embedding({2 * configs.back().outputs, {{"embedding", config.speaker_width}}, true}, weights),
        output_of_embedding({config.speaker_width, {{"output", config.speaker_width}}, true}, weights) {
    for (std::size_t i = 0; i < configs.size(); ++i) {
      const LinearConfig linear{configs[i].taps * configs[i].inputs, {{"", configs[i].outputs}}, true};
      delays.emplace_back(linear, weights / ("delays." + std::to_string(i)));
    }
  }

  void operator()(Context& context, TensorView<const float> hidden, TensorView<float> y) const override {
    const Index width = output().width / 2;
    for (std::size_t i = 0; i < context.batch().sequences.size(); ++i) {
      Scratch::Frame frame(context.scratch());
      const BatchSequence& sequence = context.batch().sequences[i];
      const auto row = y.slice_rows(static_cast<Index>(i), static_cast<Index>(i) + 1);
      const auto rows =
          delayed(context, hidden.slice_rows(sequence.first_row, sequence.first_row + sequence.rows), frame);
      embedding(context, statistics(rows, frame), row.slice_columns(width, 2 * width));
      output_of_embedding(context, row.slice_columns(width, 2 * width), row.slice_columns(0, width));
    }
  }

 private:
  TensorView<const float> delayed(Context& context, TensorView<const float> hidden, Scratch::Frame& frame) const {
    auto x = frame.take_rows<float>(hidden.rows(), projection.outputs());
    projection(context, hidden, x);
    const kernels::Activate activate{kernels::Activation::relu, context.compute().isa};
    for (std::size_t i = 0; i < configs.size(); ++i) {
      const auto [inputs, outputs, taps, dilation] = configs[i];
      const Index rows = x.rows() - (taps - 1) * dilation;
      const auto windows = frame.take_rows<float>(rows, taps * inputs);
      for (Index r = 0; r < rows; ++r) {
        for (Index tap = 0; tap < taps; ++tap)
          std::copy_n(x.row(r + tap * dilation), inputs, windows.row(r) + tap * inputs);
      }
      x = frame.take_rows<float>(rows, outputs);
      delays[i](context, windows, x, activate);
    }
    return x;
  }

  /// Shapes: x [T, C] -> [1, 2 C], of each column the mean and the deviation, by T - 1.
  static TensorView<const float> statistics(TensorView<const float> x, Scratch::Frame& frame) {
    const Index columns = x.columns();
    const auto result = frame.take<float>(Shape{1, 2 * columns});
    const auto count = static_cast<double>(x.rows());
    for (Index c = 0; c < columns; ++c) {
      double sum = 0;
      for (Index r = 0; r < x.rows(); ++r) sum += static_cast<double>(x.row(r)[c]);
      const double mean = sum / count;
      double squares = 0;
      for (Index r = 0; r < x.rows(); ++r) squares += std::pow(static_cast<double>(x.row(r)[c]) - mean, 2);
      result.data()[c] = static_cast<float>(mean);
      result.data()[columns + c] = static_cast<float>(std::sqrt(squares / (count - 1)));
    }
    return result;
  }
};

}  // namespace headformer
