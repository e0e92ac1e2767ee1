#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/llama.hpp"

namespace headformer::phi3 {

/// Queries, keys and values lie in one tensor, gate and up in another: successive row ranges of it.
inline constexpr auto rows = with_rows({{"layers.#.attn.query", "model.layers.#.self_attn.qkv_proj", "blk.#.attn_qkv"},
                                        {"layers.#.attn.key", "model.layers.#.self_attn.qkv_proj", "blk.#.attn_qkv"},
                                        {"layers.#.attn.value", "model.layers.#.self_attn.qkv_proj", "blk.#.attn_qkv"},
                                        {"layers.#.ff.gate", "model.layers.#.mlp.gate_up_proj", "blk.#.ffn_up"},
                                        {"layers.#.ff.up", "model.layers.#.mlp.gate_up_proj", "blk.#.ffn_up"}},
                                       decoder_rows);
inline NameTable names() { return {rows, decoder_ignored}; }

/// Phi-3, 3.5 and 4-mini (Abdin et al. 2024, https://arxiv.org/abs/2404.14219): Llama with fused projections and
/// LongRoPE.
HEADFORMER_COLD inline CausalLmConfig config(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) {
    CausalLmConfig config = read_decoder(checkpoint, "phi3", "Phi-3");
    set_window(checkpoint, "phi3", config);
    config.restarts_with_long_factors = true;
    return config;
  }
  const JsonObject json = checkpoint.config();
  DecoderDefaults defaults;
  defaults.epsilon = 1e-5F;
  defaults.context_length = defaults.original_positions = 4096;
  CausalLmConfig config = read_decoder(json, "Phi-3", defaults);
  config.restarts_with_long_factors = true;
  const Index window = json.integer_or("sliding_window", 0, 1);
  for (LayerConfig& layer : config.layers) layer.attention.window = window;
  return config;
}

inline constexpr std::string_view architectures[] = {"Phi3ForCausalLM"};
inline constexpr CausalLmFamily family = {"Phi-3", architectures, "phi3", config, names, make_causal_lm<Llama>};

}  // namespace headformer::phi3
