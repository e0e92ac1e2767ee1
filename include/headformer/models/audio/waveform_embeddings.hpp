#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>

#include "headformer/core/cold.hpp"
#include "headformer/models/audio/audio_encoder.hpp"
#include "headformer/nn/group_norm.hpp"
#include "headformer/nn/norm.hpp"

namespace headformer {

/// A norm of each column over all rows of a sequence.
struct ColumnNorm : GroupNorm {
  HEADFORMER_COLD ColumnNorm(const NormConfig& c, const Weights& weights)
      : GroupNorm({c.width, c.width, c.epsilon}, weights) {}
};

/// activation(norm(convolution(x))). x [T, C] of one sequence -> y [rows, D].
template <Module Norm>
struct NormedConvolution {
  TemporalConvolution convolution;
  Norm norm;  // [D]
  kernels::Activation activation;

  HEADFORMER_COLD NormedConvolution(TemporalConvolutionConfig config, const Weights& weights)
      : convolution(without_activation(config), weights / "convolution"),
        norm({config.outputs}, weights / "norm"),
        activation(config.activation) {}

  void operator()(Context& context, TensorView<const float> x, TensorView<float> y) const {
    convolution(context, x, y);
    norm(context, y, y);
    kernels::activate(context.compute(), activation, y);
  }

 private:
  static TemporalConvolutionConfig without_activation(TemporalConvolutionConfig config) {
    config.activation = kernels::Activation::identity;
    return config;
  }
};

/// Frames of a waveform through convolutions (wav2vec 2.0, https://arxiv.org/abs/2006.11477), the first of which may be
/// normalised otherwise than the rest; a norm, a projection, and positions by a convolution.
template <Module FirstNorm, Module Norm>
struct WaveformEmbeddings {
  NormedConvolution<FirstNorm> first;
  std::deque<NormedConvolution<Norm>> rest;
  std::optional<LayerNorm> norm;  // [C]
  Linear projection;              // [D, C]
  ConvolutionalPositions positions;

  HEADFORMER_COLD WaveformEmbeddings(const AudioEncoderConfig& config, const Weights& weights)
      : first(config.convolutions.front(), weights / "features.0"),
        projection({config.convolutions.back().outputs, {{"projection", config.width}}, true}, weights),
        positions(config.convolutional_positions, weights / "positions"),
        hears_padding_(config.hears_padding) {
    for (std::size_t i = 1; i < config.convolutions.size(); ++i)
      rest.emplace_back(config.convolutions[i], weights / ("features." + std::to_string(i)));
    if (config.norms_features)
      norm.emplace(NormConfig{config.convolutions.back().outputs, config.norm.epsilon}, weights / "norm");
  }

  void operator()(Context& context, std::span<const AudioInput> inputs, TensorView<float> x) const {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Scratch::Frame frame(context.scratch());
      const BatchSequence& sequence = context.batch().sequences[i];
      const auto frames = convolved(context, inputs[i], frame).slice_rows(0, sequence.rows);
      if (norm) (*norm)(context, frames, frames);
      if (context.observer != nullptr) (*context.observer)("features", frames);
      projection(context, frames, x.slice_rows(sequence.first_row, sequence.first_row + sequence.rows));
    }
    positions(context, x);
  }

 private:
  TensorView<float> convolved(Context& context, const AudioInput& input, Scratch::Frame& frame) const {
    const Index all = input.sound.size(0);
    const Index heard = hears_padding_ || input.length == 0 ? all : input.length;
    const auto run = [&](const auto& layer, TensorView<const float> from) {
      const TemporalConvolutionConfig& config = layer.convolution.config;
      const auto to = frame.take<float>(Shape{config.rows(from.rows()), config.outputs});
      layer(context, from, to);
      return to;
    };
    TensorView<float> x = run(first, TensorView<const float>(input.sound.data(), Shape{heard, 1}));
    for (const auto& layer : rest) x = run(layer, x);
    return x;
  }

  bool hears_padding_;
};

}  // namespace headformer
