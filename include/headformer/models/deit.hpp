#pragma once

#include "headformer/models/vit.hpp"

namespace headformer::deit {

/// DeiT (Touvron et al. 2020, https://arxiv.org/abs/2012.12877): ViT with a second token, which a teacher taught.
inline NameTable names() {
  NameTable table{vit_rows, vit_ignored};
  table.base = "deit";
  return table;
}

HEADFORMER_COLD inline ImageEncoderConfig config(const Checkpoint& checkpoint, ImageTask task) {
  ImageEncoderConfig config = vit::read(checkpoint.config(), "DeiT", task);
  config.tokens = {"class_token", "distillation_token"};
  return config;
}

inline constexpr ImageClass classes[] = {
    {"DeiTModel", ImageTask::base},
    {"DeiTForImageClassification", ImageTask::classification},
    {"DeiTForImageClassificationWithTeacher", ImageTask::distilled_classification},
    {"DeiTForMaskedImageModeling", ImageTask::masked_pixels},
};
inline constexpr ImageFamily family = {"DeiT", classes, config, names, make_image_encoder<Vit>};

}  // namespace headformer::deit
