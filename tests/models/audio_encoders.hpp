#pragma once

#include <gtest/gtest.h>

#include <headformer/models/audio/audio_encoder_model.hpp>
#include <headformer/models/speech/speech_to_text_model.hpp>
#include <headformer/weights/checkpoint.hpp>
#include <random>
#include <string>
#include <vector>

#include "models/decoder_families.hpp"
#include "models/goldens.hpp"

namespace headformer::testing {

// Compiled once (audio_encoder_families_test.cpp).
std::shared_ptr<const AudioEncoder> open_audio_encoder_at(const std::filesystem::path& path);
std::shared_ptr<const SpeechToText> open_speech_to_text_at(const std::filesystem::path& path);
inline std::shared_ptr<const AudioEncoder> open_audio_encoder_of_goldens(const std::string& name) {
  return open_audio_encoder_at(goldens() / "speech" / name);
}

inline Tensor<float> random_sound(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Tensor<float> sound(shape);
  for (Index i = 0; i < sound.count(); ++i) sound.data()[i] = normal(random);
  return sound;
}

/// What every head makes of some sounds in one batch.
inline std::vector<Tensor<float>> outputs_of(const AudioEncoder& encoder, Workspace& workspace,
                                             const std::vector<AudioInput>& inputs) {
  Index rows = 0;
  for (const AudioInput& input : inputs) rows += encoder.rows(input);
  std::vector<Tensor<float>> results;
  for (const auto& head : encoder.heads()) {
    const EncoderOutput& output = head->output();
    results.emplace_back(Shape{output.per_token ? rows : static_cast<Index>(inputs.size()), output.width});
  }
  const std::vector<TensorView<float>> views(results.begin(), results.end());
  encoder.forward(workspace, inputs, views);
  return results;
}

}  // namespace headformer::testing
