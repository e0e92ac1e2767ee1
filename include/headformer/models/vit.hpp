#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/json_image.hpp"
#include "headformer/models/readers/vit_names.hpp"
#include "headformer/models/vision/family.hpp"
#include "headformer/models/vision/vision_transformer.hpp"

namespace headformer {

/// ViT (Dosovitskiy et al. 2021, https://arxiv.org/abs/2010.11929).
using Vit = VisionTransformer<NoNorm, Stack<VitLayer<>>, LayerNorm, ImageHeads<PoolerHead<>>>;

namespace vit {

inline NameTable names() {
  NameTable table{vit_rows, vit_ignored};
  table.base = "vit";
  return table;
}

/// What ViT and DeiT say alike.
HEADFORMER_COLD inline ImageEncoderConfig read(const JsonObject& json, const char* family, ImageTask task) {
  ImageEncoderConfig config = read_image_encoder(json, family, task);
  config.mask_token = task == ImageTask::masked_pixels;
  config.pixels = json.integer_or("encoder_stride", 16, 1, 4096);
  config.pooler.width = json.integer_or("pooler_output_size", config.width, 1, detail::most_width);
  config.pooler.activation = detail::read_activation(json, "pooler_act", "tanh");
  return config;
}

HEADFORMER_COLD inline ImageEncoderConfig config(const Checkpoint& checkpoint, ImageTask task) {
  return read(checkpoint.config(), "ViT", task);
}

inline constexpr ImageClass classes[] = {
    {"ViTModel", ImageTask::base},
    {"ViTForImageClassification", ImageTask::classification},
    {"ViTForMaskedImageModeling", ImageTask::masked_pixels},
};
inline constexpr ImageFamily family = {"ViT", classes, config, names, make_image_encoder<Vit>};

}  // namespace vit
}  // namespace headformer
