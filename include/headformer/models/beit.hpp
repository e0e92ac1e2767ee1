#pragma once

#include <memory>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/json_image.hpp"
#include "headformer/models/readers/vit_names.hpp"
#include "headformer/models/vision/family.hpp"
#include "headformer/models/vision/vision_transformer.hpp"
#include "headformer/nn/layer_scale.hpp"
#include "headformer/nn/window_bias.hpp"

namespace headformer {

/// BEiT (Bao et al. 2021, https://arxiv.org/abs/2106.08254): ViT with relative biases and layer scales; keys have no
/// bias.
using BeitLayer = VitLayer<Mlp, WindowBias>;
using ScaledBeitLayer =
    PreNormBlock<LayerNorm, LayerScaled<SelfAttention<Bidirectional, WindowBias>>, LayerScaled<Mlp>>;
/// What stands for a picture is the mean of its patches, normed, or the class token after the last norm.
template <Block Layer>
using MeanBeit = VisionTransformer<NoNorm, Stack<Layer>, NoNorm, ImageHeads<PoolerHead<NormTransform>, NormTransform>>;
template <Block Layer>
using TokenBeit = VisionTransformer<NoNorm, Stack<Layer>, LayerNorm, ImageHeads<PoolerHead<NoTransform>>>;

namespace beit {

inline constexpr auto rows =
    with_rows({{"layers.#.attn.scale", "encoder.layer.#.lambda_1", ""},
               {"layers.#.ff.scale", "encoder.layer.#.lambda_2", ""},
               {"layers.#.attn.window_bias.weight",
                "encoder.layer.#.attention.attention.relative_position_bias.relative_position_bias_table|"
                "encoder.relative_position_bias.relative_position_bias_table",
                ""},
               {"pooler.norm", "pooler.layernorm", ""},
               {"classifier.norm", "pooler.layernorm", ""},
               {"words.norm", ".layernorm", ""},
               {"words.output", "lm_head", ""}},
              vit_rows);
inline constexpr std::string_view ignored[] = {"pooler.", "classifier.", "lm_head.", "mask_token",
                                               "relative_position_index"};
inline NameTable names() {
  NameTable table{rows, ignored};
  table.base = "beit";
  return table;
}

HEADFORMER_COLD inline ImageEncoderConfig config(const Checkpoint& checkpoint, ImageTask task) {
  const JsonObject json = checkpoint.config();
  ImageEncoderConfig config = read_image_encoder(json, "BEiT", task);
  config.any_size = true;
  config.mask_token = json.boolean_or("use_mask_token", false);
  config.learned_positions = json.boolean_or("use_absolute_position_embeddings", false);
  config.words = json.integer_or("vocab_size", 8192, 1, detail::most_width);
  config.pooler.width = config.width;
  const bool mean = json.boolean_or("use_mean_pooling", true);
  config.pooler.pooling = config.classified = mean ? Pooling::patches : Pooling::first;
  config.final_norm = !mean;
  const bool own = json.boolean_or("use_relative_position_bias", false);
  const bool shared = json.boolean_or("use_shared_relative_position_bias", false);
  if (own && shared) json.fail("use_shared_relative_position_bias", "false beside use_relative_position_bias");
  const bool scaled = json.number_or("layer_scale_init_value", 0.1) > 0;
  for (LayerConfig& layer : config.layers) {
    layer.attention.bias = true;
    layer.attention.key_bias = false;
    layer.scaled = scaled;
    if (own || shared) layer.attention.window_bias = {config.grid(), true};
  }
  return config;
}

HEADFORMER_COLD inline std::unique_ptr<ImageEncoder> make(ImageEncoderConfig config, const Weights& weights) {
  const bool scaled = config.layers.front().scaled;
  if (config.final_norm) {
    if (scaled) return make_image_encoder<TokenBeit<ScaledBeitLayer>>(std::move(config), weights);
    return make_image_encoder<TokenBeit<BeitLayer>>(std::move(config), weights);
  }
  if (scaled) return make_image_encoder<MeanBeit<ScaledBeitLayer>>(std::move(config), weights);
  return make_image_encoder<MeanBeit<BeitLayer>>(std::move(config), weights);
}

inline constexpr ImageClass classes[] = {
    {"BeitModel", ImageTask::base},
    {"BeitForImageClassification", ImageTask::classification},
    {"BeitForMaskedImageModeling", ImageTask::masked_tokens},
};
inline constexpr ImageFamily family = {"BEiT", classes, config, names, make};

}  // namespace beit
}  // namespace headformer
