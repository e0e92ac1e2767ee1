#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/models/vision/image_encoder.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

/// A class of the reference and what it puts on top of its family's encoder.
struct ImageClass {
  std::string_view architecture;
  ImageTask task;
};

/// How `auto` finds a family of encoders of pictures and opens it, by the class name in config.json.
struct ImageFamily {
  std::string_view name;
  std::span<const ImageClass> classes;
  ImageEncoderConfig (*config)(const Checkpoint&, ImageTask);
  NameTable (*names)();
  std::unique_ptr<ImageEncoder> (*make)(ImageEncoderConfig, const Weights&);
};

template <class Model>
HEADFORMER_COLD std::unique_ptr<ImageEncoder> make_image_encoder(ImageEncoderConfig config, const Weights& weights) {
  return std::make_unique<Model>(std::move(config), weights);
}

}  // namespace headformer
