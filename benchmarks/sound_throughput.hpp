#pragma once

#include <cmath>
#include <headformer/auto_audio_encoder.hpp>
#include <headformer/weights/checkpoint.hpp>
#include <memory>
#include <random>
#include <vector>

#include "../examples/program.hpp"
#include "encoder_rate.hpp"

namespace measuring {

/// Random sounds as an encoder takes them: waveforms of so many seconds at 16 kHz, or the frames that it was made for.
/// Shapes: each [samples], or [C, frames].
inline std::vector<headformer::Tensor<float>> random_sounds(const headformer::AudioEncoderConfig& config,
                                                            headformer::Index count, double seconds,
                                                            std::mt19937& random) {
  constexpr double rate = 16000;  // Hz
  const auto samples = static_cast<headformer::Index>(std::llround(seconds * rate));
  const headformer::Shape shape =
      config.channels == 1 ? headformer::Shape{samples} : headformer::Shape{config.channels, config.frames};
  std::normal_distribution<float> normal;
  std::vector<headformer::Tensor<float>> sounds;
  for (headformer::Index b = 0; b < count; ++b) {
    headformer::Tensor<float>& sound = sounds.emplace_back(shape);
    for (headformer::Index i = 0; i < sound.count(); ++i) sound.data()[i] = normal(random);
  }
  return sounds;
}

inline std::vector<headformer::AudioInput> inputs_of(const std::vector<headformer::Tensor<float>>& sounds) {
  std::vector<headformer::AudioInput> inputs;
  for (const headformer::Tensor<float>& sound : sounds) inputs.push_back({sound.view()});
  return inputs;
}

}  // namespace measuring

/// Sounds a second through an encoder of sound and its heads.
class SoundThroughput {
 public:
  using Index = headformer::Index;

  SoundThroughput(const headformer::Checkpoint& checkpoint, const program::ComputeOptions& compute, int threads,
                  Index batch, double seconds)
      : workspace_(std::make_shared<headformer::ThreadPool>(threads), headformer::isa_from_name(compute.isa),
                   compute.met()) {
    const double begin = measuring::now();
    headformer::LoadOptions load = compute.loading();
    load.executor = workspace_.executor.get();
    encoder_ = headformer::open_audio_encoder(checkpoint, load);
    load_seconds_ = measuring::now() - begin;
    sounds_ = measuring::random_sounds(encoder_->config(), batch, seconds, random_);
  }

  double load_seconds() const { return load_seconds_; }

  /// One sound.
  void first() { measuring::run_heads(workspace_, *encoder_, std::vector{measuring::inputs_of(sounds_).front()}); }

  double items_per_second(int repetitions) {
    const std::vector<headformer::AudioInput> inputs = measuring::inputs_of(sounds_);
    return measuring::items_per_second(repetitions, inputs.size(),
                                       [&] { measuring::run_heads(workspace_, *encoder_, inputs); });
  }

 private:
  headformer::Workspace workspace_;
  std::unique_ptr<headformer::AudioEncoder> encoder_;
  std::vector<headformer::Tensor<float>> sounds_;
  std::mt19937 random_{42};
  double load_seconds_ = 0;
};
