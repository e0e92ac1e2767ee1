#pragma once

#include <memory>
#include <string>
#include <utility>

#include "headformer/models/vision/image_encoder_model.hpp"

namespace headformer {

/// An encoder of spectrograms as a Model: input_values [B, frames, mel bins] -> what its heads put out, under the
/// reference's names. Silence behind a sound is part of its picture.
class SpectrogramModel final : public Model {
 public:
  SpectrogramModel(std::unique_ptr<const ImageEncoder> encoder, std::shared_ptr<Workspace> workspace)
      : picture_(encoder->config().picture), pictures_(std::move(encoder), std::move(workspace)) {}

  NamedTensors forward(const NamedTensors& inputs) override {
    detail::InputReader reader(inputs);
    const Tensor<float>* const values = reader.find<float>("input_values");
    reader.expect_all_known();
    if (values == nullptr) throw ArgumentError("inputs: expected input_values, found none");
    const Shape& shape = values->shape();
    if (shape.rank() != 3 || shape.count() == 0 || shape[1] != picture_.width || shape[2] != picture_.height)
      throw ArgumentError("input input_values: expected [B, " + std::to_string(picture_.width) + ", " +
                          std::to_string(picture_.height) + "], found " + to_string(shape));
    Tensor<float> turned(Shape{shape[0], 1, picture_.height, picture_.width});
    for (Index b = 0; b < shape[0]; ++b) {
      for (Index t = 0; t < picture_.width; ++t) {
        const float* const from = values->view().row(b) + t * picture_.height;
        for (Index m = 0; m < picture_.height; ++m) turned.view().row(b)[m * picture_.width + t] = from[m];
      }
    }
    NamedTensors pixels;
    pixels.emplace("pixel_values", std::move(turned));
    return pictures_.forward(pixels);
  }

 private:
  Grid picture_;
  ImageEncoderModel pictures_;
};

}  // namespace headformer
