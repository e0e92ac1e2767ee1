#pragma once

#include <cmath>
#include <vector>

#include "headformer/blocks/pre_norm_block.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/models/readers/json_image.hpp"
#include "headformer/models/vision/family.hpp"
#include "headformer/models/vision/image_heads.hpp"
#include "headformer/models/vision/staged_transformer.hpp"
#include "headformer/nn/feed_forward.hpp"
#include "headformer/nn/windowed_attention.hpp"

namespace headformer {

/// Swin (Liu et al. 2021, https://arxiv.org/abs/2103.14030): attention inside windows, every second layer's moved, and
/// patches merged between stages.
using Swin = StagedTransformer<PreNormBlock<LayerNorm, WindowedAttention, Mlp>, ImageHeads<PoolerHead<NoTransform>>>;

namespace swin {

inline constexpr NameRow rows[] = {
    {"embedding.patches", "embeddings.patch_embeddings.projection", "", Transform::flattened},
    {"embedding.norm", "embeddings.norm", ""},
    {"embedding.mask_token", "embeddings.mask_token", "", Transform::flattened},
    {"embedding.positions", "embeddings.position_embeddings", "", Transform::flattened},
    {"stages.#.layers.#.attn.query", "encoder.layers.#.blocks.#.attention.self.query", ""},
    {"stages.#.layers.#.attn.key", "encoder.layers.#.blocks.#.attention.self.key", ""},
    {"stages.#.layers.#.attn.value", "encoder.layers.#.blocks.#.attention.self.value", ""},
    {"stages.#.layers.#.attn.window_bias.weight",
     "encoder.layers.#.blocks.#.attention.self.relative_position_bias_table", ""},
    {"stages.#.layers.#.attn.output", "encoder.layers.#.blocks.#.attention.output.dense", ""},
    {"stages.#.layers.#.attn_norm", "encoder.layers.#.blocks.#.layernorm_before", ""},
    {"stages.#.layers.#.ff.up", "encoder.layers.#.blocks.#.intermediate.dense", ""},
    {"stages.#.layers.#.ff.down", "encoder.layers.#.blocks.#.output.dense", ""},
    {"stages.#.layers.#.ff_norm", "encoder.layers.#.blocks.#.layernorm_after", ""},
    {"stages.#.merging.norm", "encoder.layers.#.downsample.norm", ""},
    {"stages.#.merging.reduction", "encoder.layers.#.downsample.reduction", ""},
    {"final_norm", "layernorm", ""},
    {"classifier.output", "classifier", ""},
    {"pixels.output", "decoder.0", "", Transform::flattened},
};
inline constexpr std::string_view ignored[] = {"classifier.", "decoder.", "mask_token", "relative_position_index",
                                               "attn_mask"};
inline NameTable names() {
  NameTable table{rows, ignored};
  table.base = "swin";
  return table;
}

/// The layers of one stage.
HEADFORMER_COLD inline LayerConfig read_layer(const JsonObject& json, Index width, Index heads) {
  LayerConfig layer;
  layer.norm = {width, static_cast<float>(json.number_or("layer_norm_eps", 1e-5, 0, 1))};
  AttentionConfig& attention = layer.attention;
  attention.width = width;
  attention.heads = attention.key_value_heads = heads;
  if (width % heads != 0) json.fail("num_heads", "divisors of the stages' widths, here of " + std::to_string(width));
  attention.head_width = width / heads;
  attention.scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(attention.head_width)));
  attention.bias = json.boolean_or("qkv_bias", true);
  attention.output_bias = true;
  const Index window = json.integer_or("window_size", 7, 1, 4096);
  attention.window_bias.window = {window, window};
  const auto hidden = static_cast<Index>(json.number_or("mlp_ratio", 4, 0, 1024) * static_cast<double>(width));
  layer.feed_forward = {width, hidden, detail::read_activation(json, "hidden_act", "gelu"), true};
  return layer;
}

HEADFORMER_COLD inline ImageEncoderConfig config(const Checkpoint& checkpoint, ImageTask task) {
  const JsonObject json = checkpoint.config();
  ImageEncoderConfig config;
  config.family = "Swin";
  config.task = task;
  read_picture(json, {4}, config);
  config.mask_token = task == ImageTask::masked_pixels;
  config.learned_positions = json.boolean_or("use_absolute_embeddings", false);
  config.depths = {2, 2, 6, 2};
  if (json.has("depths")) config.depths = json.integers("depths", 1, detail::most_layers);
  std::vector<Index> heads{3, 6, 12, 24};
  if (json.has("num_heads")) heads = json.integers("num_heads", 1, detail::most_width);
  if (config.depths.empty() || config.depths.size() > 16) json.fail("depths", "1 to 16 stages");
  if (heads.size() != config.depths.size()) json.fail("num_heads", "one for each of depths");
  config.width = json.integer_or("embed_dim", 96, 1, Index{1} << 16);
  for (std::size_t stage = 0; stage < heads.size(); ++stage) {
    if (stage > 0) config.width *= 2;
    LayerConfig layer = read_layer(json, config.width, heads[stage]);
    for (Index i = 0; i < config.depths[stage]; ++i) {
      layer.attention.window_bias.shift = i % 2 == 0 ? 0 : layer.attention.window_bias.window.height / 2;
      config.layers.push_back(layer);
    }
  }
  config.norm = config.layers.back().norm;
  config.pooler.width = config.width;
  config.pooler.pooling = config.classified = Pooling::patches;
  config.pixels = json.integer_or("encoder_stride", 32, 1, 4096);
  return config;
}

inline constexpr ImageClass classes[] = {
    {"SwinModel", ImageTask::base},
    {"SwinForImageClassification", ImageTask::classification},
    {"SwinForMaskedImageModeling", ImageTask::masked_pixels},
};
inline constexpr ImageFamily family = {"Swin", classes, config, names, make_image_encoder<Swin>};

}  // namespace swin
}  // namespace headformer
