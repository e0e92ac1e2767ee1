#pragma once

#include <string_view>

#include "headformer/weights/name_table.hpp"

namespace headformer {

inline constexpr NameRow moonshine_rows[] = {
    {"encoder.embedding.first", "encoder.conv1", "", Transform::windows},
    {"encoder.embedding.norm", "encoder.groupnorm", ""},
    {"encoder.embedding.second", "encoder.conv2", "", Transform::windows},
    {"encoder.embedding.third", "encoder.conv3", "", Transform::windows},
    {"encoder.layers.#.attn_norm", "encoder.layers.#.input_layernorm", ""},
    {"encoder.layers.#.attn.query", "encoder.layers.#.self_attn.q_proj", ""},
    {"encoder.layers.#.attn.key", "encoder.layers.#.self_attn.k_proj", ""},
    {"encoder.layers.#.attn.value", "encoder.layers.#.self_attn.v_proj", ""},
    {"encoder.layers.#.attn.output", "encoder.layers.#.self_attn.o_proj", ""},
    {"encoder.layers.#.ff_norm", "encoder.layers.#.post_attention_layernorm", ""},
    {"encoder.layers.#.ff.up", "encoder.layers.#.mlp.fc1", ""},
    {"encoder.layers.#.ff.down", "encoder.layers.#.mlp.fc2", ""},
    {"encoder.final_norm", "encoder.layer_norm", ""},
    {"decoder.embedding", "decoder.embed_tokens", ""},
    {"decoder.layers.#.attn_norm", "decoder.layers.#.input_layernorm", ""},
    {"decoder.layers.#.attn.query", "decoder.layers.#.self_attn.q_proj", ""},
    {"decoder.layers.#.attn.key", "decoder.layers.#.self_attn.k_proj", ""},
    {"decoder.layers.#.attn.value", "decoder.layers.#.self_attn.v_proj", ""},
    {"decoder.layers.#.attn.output", "decoder.layers.#.self_attn.o_proj", ""},
    {"decoder.layers.#.cross_norm", "decoder.layers.#.post_attention_layernorm", ""},
    {"decoder.layers.#.cross.query", "decoder.layers.#.encoder_attn.q_proj", ""},
    {"decoder.layers.#.cross.key", "decoder.layers.#.encoder_attn.k_proj", ""},
    {"decoder.layers.#.cross.value", "decoder.layers.#.encoder_attn.v_proj", ""},
    {"decoder.layers.#.cross.output", "decoder.layers.#.encoder_attn.o_proj", ""},
    {"decoder.layers.#.ff_norm", "decoder.layers.#.final_layernorm", ""},
    {"decoder.layers.#.ff.gate", "decoder.layers.#.mlp.fc1", "", Transform::halves_swapped},
    {"decoder.layers.#.ff.up", "decoder.layers.#.mlp.fc1", "", Transform::halves_swapped},
    {"decoder.layers.#.ff.down", "decoder.layers.#.mlp.fc2", ""},
    {"decoder.output_norm", "decoder.norm", ""},
    {"decoder.output", "proj_out", ""},
};
inline constexpr std::string_view moonshine_ignored[] = {"proj_out.weight"};
inline NameTable moonshine_names() {
  NameTable table{moonshine_rows, moonshine_ignored};
  table.base = "model";
  return table;
}

}  // namespace headformer
