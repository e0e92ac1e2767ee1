#pragma once

#include <headformer/models/audio/audio_encoder.hpp>
#include <headformer/models/encoders/encoder.hpp>
#include <headformer/models/vision/image_encoder.hpp>
#include <span>
#include <vector>

#include "measuring.hpp"

// What measuring encoders has in common, whatever they encode.
namespace measuring {

inline headformer::Index rows_of(const headformer::Encoder&, const headformer::EncoderInput& input) {
  return input.rows();
}
inline headformer::Index rows_of(const headformer::ImageEncoder& encoder, const headformer::ImageInput& input) {
  return encoder.rows(input);
}
inline headformer::Index rows_of(const headformer::AudioEncoder& encoder, const headformer::AudioInput& input) {
  return encoder.rows(input);
}

/// Inputs through an encoder and all its heads, whose outputs go nowhere.
template <class Encoder, class Input>
void run_heads(headformer::Workspace& workspace, const Encoder& encoder, const std::vector<Input>& inputs) {
  headformer::Index rows = 0;
  for (const Input& input : inputs) rows += rows_of(encoder, input);
  std::vector<headformer::Tensor<float>> results;
  std::vector<headformer::TensorView<float>> views;
  for (const auto& head : encoder.heads()) {
    const headformer::EncoderOutput& output = head->output();
    const auto count = output.per_token ? rows : static_cast<headformer::Index>(inputs.size());
    views.push_back(results.emplace_back(headformer::Shape{count, output.width}));
  }
  encoder.forward(workspace, inputs, views);
}

/// Items a second of `run`, which does `items` at once: the median of the repetitions, after one that warms up.
template <class Run>
double items_per_second(int repetitions, std::size_t items, const Run& run) {
  std::vector<double> rates;
  for (int i = 0; i <= repetitions; ++i) {
    const double begin = now();
    run();
    if (i > 0) rates.push_back(static_cast<double>(items) / (now() - begin));
  }
  return median(rates);
}

}  // namespace measuring
