#pragma once

#include <string_view>

#include "headformer/weights/name_table.hpp"

namespace headformer {

/// Names of ViT and of the families whose files call things as its do; beside them those of transformers 5's modules.
inline constexpr NameRow vit_rows[] = {
    {"embedding.class_token", "embeddings.cls_token", "", Transform::flattened},
    {"embedding.distillation_token", "embeddings.distillation_token", "", Transform::flattened},
    {"embedding.registers", "embeddings.register_tokens", "", Transform::flattened},
    {"embedding.mask_token", "embeddings.mask_token", "", Transform::flattened},
    {"embedding.positions", "embeddings.position_embeddings", "", Transform::flattened},
    {"embedding.patches", "embeddings.patch_embeddings.projection", "", Transform::flattened},
    {"layers.#.attn.query", "encoder.layer.#.attention.attention.query|layers.#.attention.q_proj", ""},
    {"layers.#.attn.key", "encoder.layer.#.attention.attention.key|layers.#.attention.k_proj", ""},
    {"layers.#.attn.value", "encoder.layer.#.attention.attention.value|layers.#.attention.v_proj", ""},
    {"layers.#.attn.output", "encoder.layer.#.attention.output.dense|layers.#.attention.o_proj", ""},
    {"layers.#.attn_norm", "encoder.layer.#.layernorm_before|layers.#.layernorm_before", ""},
    {"layers.#.ff.up", "encoder.layer.#.intermediate.dense|layers.#.mlp.fc1", ""},
    {"layers.#.ff.down", "encoder.layer.#.output.dense|layers.#.mlp.fc2", ""},
    {"layers.#.ff_norm", "encoder.layer.#.layernorm_after|layers.#.layernorm_after", ""},
    {"final_norm", "layernorm", ""},
    {"pooler.dense", "pooler.dense", ""},
    {"classifier.output", "classifier|cls_classifier", ""},
    {"distilled.output", "distillation_classifier", ""},
    {"pixels.output", "decoder.0", "", Transform::flattened},
};
/// A class does not use the heads of the others, nor a mask where nothing is masked.
inline constexpr std::string_view vit_ignored[] = {"pooler.", "classifier.", "decoder.", "mask_token"};

}  // namespace headformer
