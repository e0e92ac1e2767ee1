#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/json_image.hpp"
#include "headformer/models/readers/vit_names.hpp"
#include "headformer/models/vision/family.hpp"
#include "headformer/models/vision/vision_transformer.hpp"
#include "headformer/nn/layer_scale.hpp"

namespace headformer {

/// DINOv2 (Oquab et al. 2023, https://arxiv.org/abs/2304.07193), by its feed-forwards: ViT with layer scales and
/// positions for pictures of any size.
template <Module FeedForward>
using Dinov2Layer =
    PreNormBlock<LayerNorm, LayerScaled<SelfAttention<Bidirectional, NoRotary>>, LayerScaled<FeedForward>>;
template <Module FeedForward>
using Dinov2 =
    VisionTransformer<NoNorm, Stack<Dinov2Layer<FeedForward>>, LayerNorm, ImageHeads<PoolerHead<NoTransform>>>;

namespace dinov2 {

inline constexpr auto rows =
    with_rows({{"layers.#.attn_norm", "encoder.layer.#.norm1", ""},
               {"layers.#.attn.scale", "encoder.layer.#.layer_scale1.lambda1", ""},
               {"layers.#.ff_norm", "encoder.layer.#.norm2", ""},
               {"layers.#.ff.scale", "encoder.layer.#.layer_scale2.lambda1", ""},
               {"layers.#.ff.gate", "encoder.layer.#.mlp.weights_in", ""},
               {"layers.#.ff.up", "encoder.layer.#.mlp.fc1|encoder.layer.#.mlp.weights_in", ""},
               {"layers.#.ff.down", "encoder.layer.#.mlp.fc2|encoder.layer.#.mlp.weights_out", ""}},
              vit_rows);
inline NameTable names() {
  NameTable table{rows, vit_ignored};
  table.base = "dinov2";
  return table;
}
inline NameTable names_with_registers() {
  NameTable table = names();
  table.base = "dinov2_with_registers";
  return table;
}

HEADFORMER_COLD inline ImageEncoderConfig read(const JsonObject& json, const char* family, ImageTask task,
                                               Index patch) {
  ImageEncoderConfig config = read_image_encoder(json, family, task, {patch, "gelu", 1e-6});
  config.any_size = true;
  config.size_argument = false;
  config.pooler.width = config.width;
  config.classified = Pooling::first_and_patches;
  const auto hidden = static_cast<Index>(static_cast<double>(config.width) * json.number_or("mlp_ratio", 4, 0, 1024));
  const bool gated = json.boolean_or("use_swiglu_ffn", false);
  for (LayerConfig& layer : config.layers) {
    FeedForwardConfig& ff = layer.feed_forward;
    ff.gated = gated;
    ff.hidden_width = hidden;
    if (!gated) continue;
    ff.hidden_width = (static_cast<Index>(static_cast<double>(hidden) * 2 / 3) + 7) / 8 * 8;
    ff.activation = kernels::Activation::silu;
  }
  return config;
}

HEADFORMER_COLD inline ImageEncoderConfig config(const Checkpoint& checkpoint, ImageTask task) {
  const JsonObject json = checkpoint.config();
  ImageEncoderConfig config = read(json, "DINOv2", task, 14);
  config.mask_token = json.boolean_or("use_mask_token", true);
  return config;
}
/// Darcet et al. 2023, https://arxiv.org/abs/2309.16588.
HEADFORMER_COLD inline ImageEncoderConfig config_with_registers(const Checkpoint& checkpoint, ImageTask task) {
  const JsonObject json = checkpoint.config();
  ImageEncoderConfig config = read(json, "DINOv2 with registers", task, 16);
  config.registers = json.integer_or("num_register_tokens", 4, 0, 4096);
  config.mask_token = true;
  config.resampling = kernels::Resampling::bicubic_antialiased;
  return config;
}

HEADFORMER_COLD inline std::unique_ptr<ImageEncoder> make(ImageEncoderConfig config, const Weights& weights) {
  const bool gated = config.layers.front().feed_forward.gated;
  if (gated) return make_image_encoder<Dinov2<GatedMlp>>(std::move(config), weights);
  return make_image_encoder<Dinov2<Mlp>>(std::move(config), weights);
}

inline constexpr ImageClass classes[] = {
    {"Dinov2Model", ImageTask::base},
    {"Dinov2ForImageClassification", ImageTask::classification},
};
inline constexpr ImageClass classes_with_registers[] = {
    {"Dinov2WithRegistersModel", ImageTask::base},
    {"Dinov2WithRegistersForImageClassification", ImageTask::classification},
};
inline constexpr ImageFamily family = {"DINOv2", classes, config, names, make};
inline constexpr ImageFamily family_with_registers = {"DINOv2 with registers", classes_with_registers,
                                                      config_with_registers, names_with_registers, make};

}  // namespace dinov2
}  // namespace headformer
