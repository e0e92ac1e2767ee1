#pragma once

#include <string_view>

#include "headformer/weights/name_table.hpp"

namespace headformer {

/// Names of BART and of the families whose layers are called as its are; what comes before them is the table's base.
inline constexpr NameRow bart_rows[] = {
    {"encoder.embedding", "encoder.embed_tokens|shared|decoder.embed_tokens|lm_head", ""},
    {"encoder.positions", "encoder.embed_positions", ""},
    {"encoder.embedding_norm", "encoder.layernorm_embedding", ""},
    {"encoder.layers.#.attn_norm", "encoder.layers.#.self_attn_layer_norm", ""},
    {"encoder.layers.#.attn.query", "encoder.layers.#.self_attn.q_proj", ""},
    {"encoder.layers.#.attn.key", "encoder.layers.#.self_attn.k_proj", ""},
    {"encoder.layers.#.attn.value", "encoder.layers.#.self_attn.v_proj", ""},
    {"encoder.layers.#.attn.output", "encoder.layers.#.self_attn.out_proj", ""},
    {"encoder.layers.#.ff_norm", "encoder.layers.#.final_layer_norm", ""},
    {"encoder.layers.#.ff.up", "encoder.layers.#.fc1", ""},
    {"encoder.layers.#.ff.down", "encoder.layers.#.fc2", ""},
    {"encoder.final_norm", "encoder.layer_norm", ""},
    {"decoder.embedding", "decoder.embed_tokens|shared|encoder.embed_tokens", ""},
    {"decoder.positions", "decoder.embed_positions", ""},
    {"decoder.embedding_norm", "decoder.layernorm_embedding", ""},
    {"decoder.layers.#.attn_norm", "decoder.layers.#.self_attn_layer_norm", ""},
    {"decoder.layers.#.attn.query", "decoder.layers.#.self_attn.q_proj", ""},
    {"decoder.layers.#.attn.key", "decoder.layers.#.self_attn.k_proj", ""},
    {"decoder.layers.#.attn.value", "decoder.layers.#.self_attn.v_proj", ""},
    {"decoder.layers.#.attn.output", "decoder.layers.#.self_attn.out_proj", ""},
    {"decoder.layers.#.cross_norm", "decoder.layers.#.encoder_attn_layer_norm", ""},
    {"decoder.layers.#.cross.query", "decoder.layers.#.encoder_attn.q_proj", ""},
    {"decoder.layers.#.cross.key", "decoder.layers.#.encoder_attn.k_proj", ""},
    {"decoder.layers.#.cross.value", "decoder.layers.#.encoder_attn.v_proj", ""},
    {"decoder.layers.#.cross.output", "decoder.layers.#.encoder_attn.out_proj", ""},
    {"decoder.layers.#.ff_norm", "decoder.layers.#.final_layer_norm", ""},
    {"decoder.layers.#.ff.up", "decoder.layers.#.fc1", ""},
    {"decoder.layers.#.ff.down", "decoder.layers.#.fc2", ""},
    {"decoder.output_norm", "decoder.layer_norm", ""},
    {"decoder.output.bias", "final_logits_bias", "", Transform::flattened},
    {"decoder.output", "lm_head", ""},
    {"classifier.dense", "classification_head.dense", ""},
    {"classifier.output", "classification_head.out_proj", ""},
    {"answer.output", "qa_outputs", ""},
};
/// Files may hold a tied table under all its names, buffers of positions, the heads of other classes.
inline constexpr std::string_view bart_ignored[] = {"shared.weight",
                                                    "embed_tokens.weight",
                                                    "embed_positions.weight",
                                                    "lm_head.weight",
                                                    "final_logits_bias",
                                                    "classification_head.",
                                                    "qa_outputs.",
                                                    "embed_positions._float_tensor",
                                                    ".version",
                                                    "embed_positions.weights"};
inline NameTable bart_names() {
  NameTable table{bart_rows, bart_ignored};
  table.base = "model";
  return table;
}

}  // namespace headformer
