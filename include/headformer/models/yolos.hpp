#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/json_image.hpp"
#include "headformer/models/readers/vit_names.hpp"
#include "headformer/models/vision/detection_heads.hpp"
#include "headformer/models/vision/family.hpp"
#include "headformer/models/vision/positioned_stack.hpp"
#include "headformer/models/vision/vision_transformer.hpp"

namespace headformer {

/// YOLOS (Fang et al. 2021, https://arxiv.org/abs/2106.00666): ViT with rows that find things.
using Yolos = VisionTransformer<NoNorm, PositionedStack<VitLayer<>>, LayerNorm, DetectionHeads>;

namespace yolos {

inline constexpr auto rows =
    with_rows({{"embedding.detections", "embeddings.detection_tokens", "", Transform::flattened},
               {"layer_positions", "encoder.mid_position_embeddings|encoder.interpolation.mid_position_embeddings", "",
                Transform::flattened},
               {"classes.layers.#", ".class_labels_classifier.layers.#", ""},
               {"boxes.layers.#", ".bbox_predictor.layers.#", ""}},
              vit_rows);
inline constexpr std::string_view ignored[] = {"pooler.", "class_labels_classifier.", "bbox_predictor."};
inline NameTable names() {
  NameTable table{rows, ignored};
  table.base = "vit";
  return table;
}

HEADFORMER_COLD inline ImageEncoderConfig config(const Checkpoint& checkpoint, ImageTask task) {
  const JsonObject json = checkpoint.config();
  ImageDefaults defaults;
  defaults.picture = {512, 864};
  ImageEncoderConfig config = read_image_encoder(json, "YOLOS", task, defaults);
  config.any_size = true;
  config.size_argument = false;
  config.detections = json.integer_or("num_detection_tokens", 100, 1, detail::most_width);
  config.layer_positions = json.boolean_or("use_mid_position_embeddings", true);
  config.pooler.width = config.width;
  return config;
}

inline constexpr ImageClass classes[] = {
    {"YolosModel", ImageTask::base},
    {"YolosForObjectDetection", ImageTask::detection},
};
inline constexpr ImageFamily family = {"YOLOS", classes, config, names, make_image_encoder<Yolos>};

}  // namespace yolos
}  // namespace headformer
