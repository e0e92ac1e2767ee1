#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/llama.hpp"

namespace headformer::phi3 {

/// Queries, keys and values lie in one tensor, gate and up in another: successive row ranges of it.
inline constexpr NameRow rows[] = {
    {"embedding", "model.embed_tokens", "token_embd"},
    {"output_norm", "model.norm", "output_norm"},
    {"output", "lm_head", "output"},
    {"layers.#.attn_norm", "model.layers.#.input_layernorm", "blk.#.attn_norm"},
    {"layers.#.attn.query", "model.layers.#.self_attn.qkv_proj", "blk.#.attn_qkv"},
    {"layers.#.attn.key", "model.layers.#.self_attn.qkv_proj", "blk.#.attn_qkv"},
    {"layers.#.attn.value", "model.layers.#.self_attn.qkv_proj", "blk.#.attn_qkv"},
    {"layers.#.attn.output", "model.layers.#.self_attn.o_proj", "blk.#.attn_output"},
    {"layers.#.ff_norm", "model.layers.#.post_attention_layernorm", "blk.#.ffn_norm"},
    {"layers.#.ff.gate", "model.layers.#.mlp.gate_up_proj", "blk.#.ffn_up"},
    {"layers.#.ff.up", "model.layers.#.mlp.gate_up_proj", "blk.#.ffn_up"},
    {"layers.#.ff.down", "model.layers.#.mlp.down_proj", "blk.#.ffn_down"},
};
inline NameTable names() { return {rows, decoder_ignored}; }

/// Phi-3, 3.5 and 4-mini (Abdin et al. 2024, https://arxiv.org/abs/2404.14219): Llama with fused projections and
/// LongRoPE.
HEADFORMER_COLD inline CausalLmConfig config(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) {
    CausalLmConfig config = read_decoder(checkpoint, "phi3", "Phi3");
    config.restarts_with_long_factors = true;
    return config;
  }
  const JsonObject json = checkpoint.config();
  DecoderDefaults defaults;
  defaults.epsilon = 1e-5F;
  CausalLmConfig config = read_decoder(json, "Phi3", defaults);
  config.restarts_with_long_factors = true;
  const Index window = json.integer_or("sliding_window", 0, 1);
  for (LayerConfig& layer : config.layers) layer.attention.window = window;
  return config;
}

inline constexpr std::string_view architectures[] = {"Phi3ForCausalLM"};
inline constexpr CausalLmFamily family = {"Phi3", architectures, "phi3", config, names, make_causal_lm<Llama>};

}  // namespace headformer::phi3
