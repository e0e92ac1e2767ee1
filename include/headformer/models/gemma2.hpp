#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/gemma.hpp"

namespace headformer {

/// Gemma 2 (https://arxiv.org/abs/2408.00118): norms on both sides of each sub-layer, every other layer windowed,
/// scores and logits soft-capped.
template <class Mask>
using Gemma2Layer = SandwichNormBlock<RmsNorm, SelfAttention<Mask, Rotary>, GatedMlp>;
using Gemma2 = CausalLm<NoPositions, Gemma2Layer<Causal>, RmsNorm>;

namespace gemma2 {

/// Names of Gemma 2 and 3.
inline constexpr auto rows =
    with_rows({{"layers.#.attn_post_norm", "model.layers.#.post_attention_layernorm", "blk.#.post_attention_norm"},
               {"layers.#.ff_norm", "model.layers.#.pre_feedforward_layernorm", "blk.#.ffn_norm"},
               {"layers.#.ff_post_norm", "model.layers.#.post_feedforward_layernorm", "blk.#.post_ffw_norm"}},
              decoder_rows);
/// A checkpoint of the multimodal model holds a vision tower and its projector, which text does not use.
inline constexpr std::string_view ignored[] = {"rotary_emb.inv_freq", "rope_freqs.weight", "vision_tower.",
                                               "multi_modal_projector."};
inline NameTable names() { return {rows, ignored, Transform::none, Transform::plus_one}; }

HEADFORMER_COLD inline CausalLmConfig config(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) {
    CausalLmConfig config = read_decoder(checkpoint, "gemma2", "Gemma 2");
    set_window(checkpoint, "gemma2", config);
    gemma::finish(config);
    config.logits_soft_cap = static_cast<float>(checkpoint.gguf().number_or("gemma2.final_logit_softcapping", 30.0, 0));
    const auto layers = static_cast<Index>(config.layers.size());
    for (Index i = 0; i < layers; ++i) {
      AttentionConfig& attention = config.layers[static_cast<std::size_t>(i)].attention;
      attention.soft_cap = static_cast<float>(checkpoint.gguf().number_or("gemma2.attn_logit_softcapping", 50.0, 0));
      if (i % 2 == 1) attention.window = 0;
      // The 27B model, told by its depth as the format has no key for it, scales by its width a head.
      if (layers == 46) {
        const Index share = config.width / attention.heads;
        attention.scale = 1.0F / std::sqrt(static_cast<float>(share));
      }
    }
    return config;
  }
  const JsonObject json = checkpoint.config();
  DecoderDefaults defaults;
  defaults.activation_key = "hidden_activation";
  defaults.key_value_heads = 4;
  defaults.context_length = 8192;
  gemma::expect_one_direction(json);
  CausalLmConfig config = gemma::read(json, "Gemma 2", defaults);
  for (LayerConfig& layer : config.layers) {
    if (!json.has("query_pre_attn_scalar")) layer.attention.scale = 1.0F / 16.0F;  // the class's default, 256
    const double silent = json.mentions("attn_logit_softcapping") ? 0 : 50;        // null: none
    layer.attention.soft_cap = static_cast<float>(json.number_or("attn_logit_softcapping", silent, 0));
  }
  if (!json.mentions("final_logit_softcapping")) config.logits_soft_cap = 30;
  const auto windowed =
      read_windowed_layers(json, static_cast<Index>(config.layers.size()), [](Index i) { return i % 2 == 0; });
  detail::set_window(config, windowed, read_window(json, 4096));
  return config;
}

inline constexpr std::string_view architectures[] = {"Gemma2ForCausalLM"};
inline constexpr CausalLmFamily family = {"Gemma 2", architectures, "gemma2", config, names, make_causal_lm<Gemma2>};

}  // namespace gemma2
}  // namespace headformer
