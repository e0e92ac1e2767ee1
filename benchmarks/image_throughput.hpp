#pragma once

#include <headformer/auto_audio_encoder.hpp>
#include <headformer/auto_dual_encoder.hpp>
#include <headformer/auto_image_encoder.hpp>
#include <headformer/weights/checkpoint.hpp>
#include <memory>
#include <random>
#include <vector>

#include "../examples/program.hpp"
#include "encoder_rate.hpp"

/// Pictures a second through an encoder of pictures (or of spectrograms, which it takes as such) and its heads, or
/// through the image tower of two, on random pixels of the size it was made for.
class ImageThroughput {
 public:
  using Index = headformer::Index;

  ImageThroughput(const headformer::Checkpoint& checkpoint, const program::ComputeOptions& compute, int threads,
                  Index batch)
      : workspace_(std::make_shared<headformer::ThreadPool>(threads), headformer::isa_from_name(compute.isa),
                   compute.met()) {
    const double begin = measuring::now();
    headformer::LoadOptions load = compute.loading();
    load.executor = workspace_.executor.get();
    if (headformer::is_dual_encoder(checkpoint)) {
      dual_ = headformer::open_dual_encoder(checkpoint, load);
    } else if (headformer::is_spectrogram_encoder(checkpoint)) {
      alone_ = headformer::open_spectrogram_encoder(checkpoint, load);
    } else {
      alone_ = headformer::open_image_encoder(checkpoint, load);
    }
    load_seconds_ = measuring::now() - begin;
    const headformer::ImageEncoderConfig& config = encoder().config();
    std::normal_distribution<float> normal;
    for (Index b = 0; b < batch; ++b) {
      auto& pixels =
          pixels_.emplace_back(headformer::Shape{config.channels, config.picture.height, config.picture.width});
      for (Index i = 0; i < pixels.count(); ++i) pixels.data()[i] = normal(random_);
    }
  }

  double load_seconds() const { return load_seconds_; }

  /// One picture.
  void first() { run(1); }

  double items_per_second(int repetitions) {
    return measuring::items_per_second(repetitions, pixels_.size(), [&] { run(pixels_.size()); });
  }

 private:
  const headformer::ImageEncoder& encoder() const { return dual_ ? dual_->image() : *alone_; }

  void run(std::size_t count) {
    std::vector<headformer::ImageInput> inputs(count);
    for (std::size_t i = 0; i < count; ++i) inputs[i].pixels = pixels_[i].view();
    measuring::run_heads(workspace_, encoder(), inputs);
  }

  headformer::Workspace workspace_;
  std::unique_ptr<headformer::DualEncoder> dual_;  ///< or
  std::unique_ptr<headformer::ImageEncoder> alone_;
  std::vector<headformer::Tensor<float>> pixels_;
  std::mt19937 random_{42};
  double load_seconds_ = 0;
};
