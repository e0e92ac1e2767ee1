#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/json_image.hpp"
#include "headformer/models/readers/vit_names.hpp"
#include "headformer/models/vision/family.hpp"
#include "headformer/models/vision/masked_autoencoder.hpp"

namespace headformer {

/// ViT-MAE (He et al. 2021, https://arxiv.org/abs/2111.06377): ViT over the patches that a random order leaves, and a
/// decoder that makes the pixels of all.
using VitMae = VisionTransformer<NoNorm, Stack<VitLayer<>>, LayerNorm, MaskedAutoencoderHeads, ShuffledEmbeddings>;

namespace vit_mae {

#define HEADFORMER_DECODER_LAYER(name) "decoder.decoder_layers.#." name "|decoder.decoder_encoder.layer.#." name
inline constexpr auto rows =
    with_rows({{"decoder.embedding", "decoder.decoder_embed", ""},
               {"decoder.mask_token", "decoder.mask_token", "", Transform::flattened},
               {"decoder.positions", "decoder.decoder_pos_embed", "", Transform::flattened},
               {"decoder.layers.#.attn.query", HEADFORMER_DECODER_LAYER("attention.attention.query"), ""},
               {"decoder.layers.#.attn.key", HEADFORMER_DECODER_LAYER("attention.attention.key"), ""},
               {"decoder.layers.#.attn.value", HEADFORMER_DECODER_LAYER("attention.attention.value"), ""},
               {"decoder.layers.#.attn.output", HEADFORMER_DECODER_LAYER("attention.output.dense"), ""},
               {"decoder.layers.#.attn_norm", HEADFORMER_DECODER_LAYER("layernorm_before"), ""},
               {"decoder.layers.#.ff.up", HEADFORMER_DECODER_LAYER("intermediate.dense"), ""},
               {"decoder.layers.#.ff.down", HEADFORMER_DECODER_LAYER("output.dense"), ""},
               {"decoder.layers.#.ff_norm", HEADFORMER_DECODER_LAYER("layernorm_after"), ""},
               {"decoder.norm", "decoder.decoder_norm", ""},
               {"decoder.output", "decoder.decoder_pred", ""}},
              vit_rows);
#undef HEADFORMER_DECODER_LAYER
inline NameTable names() {
  NameTable table{rows, vit_ignored};
  table.base = "vit";
  return table;
}

HEADFORMER_COLD inline ImageEncoderConfig config(const Checkpoint& checkpoint, ImageTask task) {
  const JsonObject json = checkpoint.config();
  ImageEncoderConfig config = read_image_encoder(json, "ViT-MAE", task);
  config.masked_share = json.number_or("mask_ratio", 0.75, 0, 1);
  if (task != ImageTask::masked_pixels) return config;
  config.size_argument = false;  // the decoder has one set of positions
  EncoderDefaults decoder;
  decoder.width_key = "decoder_hidden_size";
  decoder.layers_key = "decoder_num_hidden_layers";
  decoder.heads_key = "decoder_num_attention_heads";
  decoder.hidden_width_key = "decoder_intermediate_size";
  decoder.width = 512;
  decoder.layers = 8;
  decoder.heads = 16;
  decoder.hidden_width = 2048;
  LayerConfig layer = read_encoder_layer(json, decoder);
  layer.attention.bias = config.layers.front().attention.bias;
  config.decoder_layers.assign(read_layer_count(json, decoder), layer);
  return config;
}

inline constexpr ImageClass classes[] = {
    {"ViTMAEModel", ImageTask::base},
    {"ViTMAEForPreTraining", ImageTask::masked_pixels},
};
inline constexpr ImageFamily family = {"ViT-MAE", classes, config, names, make_image_encoder<VitMae>};

}  // namespace vit_mae
}  // namespace headformer
