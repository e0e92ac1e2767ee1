#pragma once

#include <string_view>

#include "headformer/weights/name_table.hpp"

namespace headformer {

/// Names of the two towers of CLIP and of its heirs, below "text" and "image". A tower saved alone may leave its prefix
/// out.
inline constexpr NameRow tower_rows[] = {
    {"text.embedding", "text_model.embeddings.token_embedding|embeddings.token_embedding", ""},
    {"text.positions", "text_model.embeddings.position_embedding|embeddings.position_embedding", ""},
    {"text.layers.#.attn.query", "text_model.encoder.layers.#.self_attn.q_proj|encoder.layers.#.self_attn.q_proj", ""},
    {"text.layers.#.attn.key", "text_model.encoder.layers.#.self_attn.k_proj|encoder.layers.#.self_attn.k_proj", ""},
    {"text.layers.#.attn.value", "text_model.encoder.layers.#.self_attn.v_proj|encoder.layers.#.self_attn.v_proj", ""},
    {"text.layers.#.attn.output", "text_model.encoder.layers.#.self_attn.out_proj|encoder.layers.#.self_attn.out_proj",
     ""},
    {"text.layers.#.attn_norm", "text_model.encoder.layers.#.layer_norm1|encoder.layers.#.layer_norm1", ""},
    {"text.layers.#.ff.up", "text_model.encoder.layers.#.mlp.fc1|encoder.layers.#.mlp.fc1", ""},
    {"text.layers.#.ff.down", "text_model.encoder.layers.#.mlp.fc2|encoder.layers.#.mlp.fc2", ""},
    {"text.layers.#.ff_norm", "text_model.encoder.layers.#.layer_norm2|encoder.layers.#.layer_norm2", ""},
    {"text.final_norm", "text_model.final_layer_norm|final_layer_norm", ""},
    {"text.projection.output", "text_projection", ""},
    {"image.embedding.class_token", "vision_model.embeddings.class_embedding|embeddings.class_embedding", "",
     Transform::flattened},
    {"image.embedding.positions",
     "vision_model.embeddings.position_embedding.weight|embeddings.position_embedding.weight", ""},
    {"image.embedding.patches", "vision_model.embeddings.patch_embedding|embeddings.patch_embedding", "",
     Transform::flattened},
    {"image.first_norm", "vision_model.pre_layrnorm|pre_layrnorm", ""},
    {"image.layers.#.attn.query", "vision_model.encoder.layers.#.self_attn.q_proj|encoder.layers.#.self_attn.q_proj",
     ""},
    {"image.layers.#.attn.key", "vision_model.encoder.layers.#.self_attn.k_proj|encoder.layers.#.self_attn.k_proj", ""},
    {"image.layers.#.attn.value", "vision_model.encoder.layers.#.self_attn.v_proj|encoder.layers.#.self_attn.v_proj",
     ""},
    {"image.layers.#.attn.output",
     "vision_model.encoder.layers.#.self_attn.out_proj|encoder.layers.#.self_attn.out_proj", ""},
    {"image.layers.#.attn_norm", "vision_model.encoder.layers.#.layer_norm1|encoder.layers.#.layer_norm1", ""},
    {"image.layers.#.ff.up", "vision_model.encoder.layers.#.mlp.fc1|encoder.layers.#.mlp.fc1", ""},
    {"image.layers.#.ff.down", "vision_model.encoder.layers.#.mlp.fc2|encoder.layers.#.mlp.fc2", ""},
    {"image.layers.#.ff_norm", "vision_model.encoder.layers.#.layer_norm2|encoder.layers.#.layer_norm2", ""},
    {"image.projection.output", "visual_projection", ""},
    {"image.classifier.output", "classifier", ""},
    {"similarity.scale", "logit_scale", "", Transform::flattened},
    {"similarity.bias", "logit_bias", "", Transform::flattened},
};

}  // namespace headformer
