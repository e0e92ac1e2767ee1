#pragma once

#include <gtest/gtest.h>

#include <headformer/models/vision/image_encoder_model.hpp>
#include <headformer/weights/checkpoint.hpp>
#include <random>
#include <string>
#include <vector>

#include "models/decoder_families.hpp"
#include "models/goldens.hpp"

namespace headformer::testing {

/// Compiled once (image_encoder_families_test.cpp).
std::shared_ptr<const ImageEncoder> open_image_encoder_at(const std::filesystem::path& path);
inline std::shared_ptr<const ImageEncoder> open_image_encoder_of_goldens(const std::string& name) {
  return open_image_encoder_at(goldens() / "vision" / name);
}

inline Tensor<float> random_pixels(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Tensor<float> pixels(shape);
  for (Index i = 0; i < pixels.count(); ++i) pixels.data()[i] = normal(random);
  return pixels;
}

/// What every head makes of some pictures in one batch.
inline std::vector<Tensor<float>> outputs_of(const ImageEncoder& encoder, Workspace& workspace,
                                             const std::vector<ImageInput>& inputs) {
  std::vector<Tensor<float>> results;
  std::vector<TensorView<float>> views;
  for (const auto& head : encoder.heads()) {
    Index rows = 0;
    for (const ImageInput& input : inputs) rows += encoder.head_rows(*head, input);
    results.emplace_back(Shape{rows, head->output().width});
  }
  for (Tensor<float>& result : results) views.push_back(result);
  encoder.forward(workspace, inputs, views);
  return results;
}

}  // namespace headformer::testing
