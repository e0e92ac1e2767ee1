#pragma once

#include <cmath>
#include <memory>
#include <string_view>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/models/dual/dual_encoder.hpp"
#include "headformer/models/encoders/family.hpp"
#include "headformer/models/vision/family.hpp"

namespace headformer {

/// How `auto` finds a family of two towers and opens it, by the class name in config.json.
struct DualFamily {
  std::string_view name;
  std::string_view architecture;
  NameTable (*names)();
  std::unique_ptr<DualEncoder> (*make)(const Checkpoint&, const Weights&);
};

/// Both towers, and what their vectors are compared by.
template <class Text, class Image>
HEADFORMER_COLD std::unique_ptr<DualEncoder> make_dual_encoder(EncoderConfig text, ImageEncoderConfig image,
                                                               const Weights& weights, ContrastiveLoss loss) {
  std::unique_ptr<Encoder> texts = make_encoder<Text>(std::move(text), weights / "text");
  std::unique_ptr<ImageEncoder> images = make_image_encoder<Image>(std::move(image), weights / "image");
  const auto number = [&](const char* name) {
    const Tensor<float> stored = (weights / "similarity").vector(name, 1);
    return weights.measuring() ? 0.0F : *stored.data();
  };
  const float bias = loss == ContrastiveLoss::sigmoid ? number("bias") : 0.0F;
  const ContrastiveSimilarity similarity{std::exp(number("scale")), bias, loss};
  weights.finish();
  return std::make_unique<DualEncoder>(std::move(texts), std::move(images), similarity, weights.report());
}

/// A tower opened alone: its names are below its part of the table, and nothing else may be left in the file.
template <class Tower>
HEADFORMER_COLD std::unique_ptr<Encoder> make_text_tower(EncoderConfig config, const Weights& weights) {
  std::unique_ptr<Encoder> tower = make_encoder<Tower>(std::move(config), weights / "text");
  weights.finish();
  return tower;
}
template <class Tower>
HEADFORMER_COLD std::unique_ptr<ImageEncoder> make_image_tower(ImageEncoderConfig config, const Weights& weights) {
  std::unique_ptr<ImageEncoder> tower = make_image_encoder<Tower>(std::move(config), weights / "image");
  weights.finish();
  return tower;
}

}  // namespace headformer
