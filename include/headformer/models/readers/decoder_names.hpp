#pragma once

#include <string_view>

#include "headformer/weights/name_table.hpp"

namespace headformer {

/// Names of the Llama-like families, which agree on them; a family with other modules has its own rows. The last norm
/// goes by two names: a decoder's, and an encoder's where the layers are one.
inline constexpr NameRow decoder_rows[] = {
    {"embedding", "model.embed_tokens", "token_embd"},
    {"output_norm", "model.norm", "output_norm"},
    {"output", "lm_head", "output"},
    {"final_norm", "model.norm", "output_norm"},
    {"classifier.output", "score", ""},
    {"tokens.output", "score", ""},
    {"answer.output", "qa_outputs", ""},
    {"layers.#.attn_norm", "model.layers.#.input_layernorm", "blk.#.attn_norm"},
    {"layers.#.attn.query", "model.layers.#.self_attn.q_proj", "blk.#.attn_q"},
    {"layers.#.attn.query_norm", "model.layers.#.self_attn.q_norm", "blk.#.attn_q_norm"},
    {"layers.#.attn.key", "model.layers.#.self_attn.k_proj", "blk.#.attn_k"},
    {"layers.#.attn.key_norm", "model.layers.#.self_attn.k_norm", "blk.#.attn_k_norm"},
    {"layers.#.attn.value", "model.layers.#.self_attn.v_proj", "blk.#.attn_v"},
    {"layers.#.attn.output", "model.layers.#.self_attn.o_proj", "blk.#.attn_output"},
    {"layers.#.ff_norm", "model.layers.#.post_attention_layernorm", "blk.#.ffn_norm"},
    {"layers.#.ff.gate", "model.layers.#.mlp.gate_proj", "blk.#.ffn_gate"},
    {"layers.#.ff.up", "model.layers.#.mlp.up_proj", "blk.#.ffn_up"},
    {"layers.#.ff.down", "model.layers.#.mlp.down_proj", "blk.#.ffn_down"},
};
inline constexpr std::string_view decoder_ignored[] = {"rotary_emb.inv_freq", "rope_freqs.weight", "rope_factors_"};
inline NameTable decoder_names() { return {decoder_rows, decoder_ignored}; }

}  // namespace headformer
