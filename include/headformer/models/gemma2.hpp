#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/gemma.hpp"

namespace headformer {

/// Gemma 2 (https://arxiv.org/abs/2408.00118): norms on both sides of each sub-layer, every other layer windowed,
/// scores and logits soft-capped.
using Gemma2 = CausalLm<NoPositions, SandwichNormBlock<RmsNorm, SelfAttention<Causal, Rotary>, GatedMlp>, RmsNorm>;

namespace gemma2 {

/// Names of Gemma 2 and 3.
inline constexpr NameRow rows[] = {
    {"embedding", "model.embed_tokens", "token_embd"},
    {"output_norm", "model.norm", "output_norm"},
    {"output", "lm_head", "output"},
    {"layers.#.attn_norm", "model.layers.#.input_layernorm", "blk.#.attn_norm"},
    {"layers.#.attn.query", "model.layers.#.self_attn.q_proj", "blk.#.attn_q"},
    {"layers.#.attn.query_norm", "model.layers.#.self_attn.q_norm", "blk.#.attn_q_norm"},
    {"layers.#.attn.key", "model.layers.#.self_attn.k_proj", "blk.#.attn_k"},
    {"layers.#.attn.key_norm", "model.layers.#.self_attn.k_norm", "blk.#.attn_k_norm"},
    {"layers.#.attn.value", "model.layers.#.self_attn.v_proj", "blk.#.attn_v"},
    {"layers.#.attn.output", "model.layers.#.self_attn.o_proj", "blk.#.attn_output"},
    {"layers.#.attn_post_norm", "model.layers.#.post_attention_layernorm", "blk.#.post_attention_norm"},
    {"layers.#.ff_norm", "model.layers.#.pre_feedforward_layernorm", "blk.#.ffn_norm"},
    {"layers.#.ff.gate", "model.layers.#.mlp.gate_proj", "blk.#.ffn_gate"},
    {"layers.#.ff.up", "model.layers.#.mlp.up_proj", "blk.#.ffn_up"},
    {"layers.#.ff.down", "model.layers.#.mlp.down_proj", "blk.#.ffn_down"},
    {"layers.#.ff_post_norm", "model.layers.#.post_feedforward_layernorm", "blk.#.post_ffw_norm"},
};
/// A checkpoint of the multimodal model holds a vision tower and its projector, which text does not use.
inline constexpr std::string_view ignored[] = {"rotary_emb.inv_freq", "rope_freqs.weight", "vision_tower.",
                                               "multi_modal_projector."};
inline NameTable names() { return {rows, ignored, Transform::none, Transform::plus_one}; }

HEADFORMER_COLD inline CausalLmConfig config(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) {
    CausalLmConfig config = read_decoder(checkpoint, "gemma2", "Gemma2");
    gemma::finish(config);
    config.logits_soft_cap = static_cast<float>(checkpoint.gguf().number_or("gemma2.final_logit_softcapping", 30.0));
    const auto layers = static_cast<Index>(config.layers.size());
    for (Index i = 0; i < layers; ++i) {
      AttentionConfig& attention = config.layers[static_cast<std::size_t>(i)].attention;
      attention.soft_cap = static_cast<float>(checkpoint.gguf().number_or("gemma2.attn_logit_softcapping", 50.0));
      if (i % 2 == 1) attention.window = 0;
      // The 27B model, told by its depth as the format has no key for it, scales by its width a head.
      if (layers == 46) attention.scale = 1.0F / std::sqrt(static_cast<float>(config.width / attention.heads));
    }
    return config;
  }
  const JsonObject json = checkpoint.config();
  DecoderDefaults defaults;
  defaults.key_value_heads = 4;
  CausalLmConfig config = gemma::read(json, "Gemma2", defaults);
  for (LayerConfig& layer : config.layers) {
    if (!json.has("query_pre_attn_scalar")) layer.attention.scale = 1.0F / 16.0F;  // the class's default, 256
    if (!json.json().contains("attn_logit_softcapping")) layer.attention.soft_cap = 50;
  }
  if (!json.json().contains("final_logit_softcapping")) config.logits_soft_cap = 30;
  const auto windowed =
      read_windowed_layers(json, static_cast<Index>(config.layers.size()), [](Index i) { return i % 2 == 0; });
  detail::set_window(config, windowed, read_window(json, 4096));
  return config;
}

inline constexpr std::string_view architectures[] = {"Gemma2ForCausalLM"};
inline constexpr CausalLmFamily family = {"Gemma2", architectures, "gemma2", config, names, make_causal_lm<Gemma2>};

}  // namespace gemma2
}  // namespace headformer
