#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/gemma2.hpp"

namespace headformer {

/// Gemma 3's language model (https://arxiv.org/abs/2503.19786): normalised queries and keys, five windowed layers with
/// their own rotary base to a global one. Scores have no soft cap: its key is in the config, and the reference does not
/// read it.
template <class Mask>
using Gemma3Layer = SandwichNormBlock<RmsNorm, SelfAttention<Mask, Rotary, RmsHeadNorm>, GatedMlp>;
using Gemma3 = CausalLm<NoPositions, Gemma3Layer<Causal>, RmsNorm>;

namespace gemma3 {

/// EmbeddingGemma's in GGUF (https://arxiv.org/abs/2509.20354): the same layers, looking to both sides.
inline constexpr std::string_view embedding_architecture = "gemma-embedding";

HEADFORMER_COLD inline CausalLmConfig read(const JsonObject& json) {
  DecoderDefaults defaults;  // the multimodal checkpoints' text_config says only what differs from these
  defaults.rotary_theta = 1000000;
  defaults.vocabulary = 262208;
  defaults.heads = 8;
  defaults.activation_key = "hidden_activation";
  defaults.key_value_heads = 4;
  defaults.context_length = 131072;
  CausalLmConfig config = gemma::read(json, "Gemma 3", defaults);
  config.looks_back = !json.boolean_or("use_bidirectional_attention", false);
  const Index pattern = json.integer_or("sliding_window_pattern", 6, 1);
  const auto windowed = read_windowed_layers(json, static_cast<Index>(config.layers.size()),
                                             [&](Index i) { return (i + 1) % pattern != 0; });
  detail::set_window(config, windowed, read_window(json, 4096));

  const Index head_width = config.layers.front().attention.head_width;
  const RotaryConfig global = read_rotary(json, head_width, defaults.rotary(), "full_attention");
  RotaryConfig local = RotaryConfig::plain(head_width, json.positive_or("rope_local_base_freq", 10000));
  if (json.has("rope_parameters")) {
    defaults.rotary_theta = 10000;
    local = read_rotary(json, head_width, defaults.rotary(), "sliding_attention");
  }
  for (std::size_t i = 0; i < config.layers.size(); ++i) {
    config.layers[i].attention.rotary = windowed[i] ? local : global;
    if (!json.has("query_pre_attn_scalar"))
      config.layers[i].attention.scale = 1.0F / 16.0F;  // the class's default, 256
  }
  return config;
}

HEADFORMER_COLD inline CausalLmConfig config(const Checkpoint& checkpoint) {
  if (!checkpoint.is_gguf()) return read(text_config(checkpoint.config()));
  const std::string architecture = checkpoint.architecture();
  const Gguf& gguf = checkpoint.gguf();
  CausalLmConfig config = read_decoder(checkpoint, architecture, "Gemma 3");
  set_window(checkpoint, architecture, config);
  gemma::finish(config);
  config.looks_back = architecture != embedding_architecture;
  config.logits_soft_cap = static_cast<float>(gguf.number_or(architecture + ".final_logit_softcapping", 0.0, 0));
  const auto layers = static_cast<Index>(config.layers.size());
  const Index pattern = gguf.integer_or(architecture + ".attention.sliding_window_pattern", 6, 1);
  for (Index i = 0; i < layers; ++i) {
    AttentionConfig& attention = config.layers[static_cast<std::size_t>(i)].attention;
    if ((i + 1) % pattern == 0) {
      attention.window = 0;
    } else {
      attention.rotary =
          RotaryConfig::plain(attention.head_width, gguf.positive_or(architecture + ".rope.freq_base_swa", 10000.0));
    }
    // The 27B model, told by its depth as the format has no key for it, scales by its width a head.
    if (layers == 62) {
      const Index share = config.width / attention.heads;
      attention.scale = 1.0F / std::sqrt(static_cast<float>(share));
    }
  }
  return config;
}

inline constexpr std::string_view architectures[] = {"Gemma3ForCausalLM", "Gemma3ForConditionalGeneration"};
inline constexpr CausalLmFamily family = {"Gemma 3", architectures, "gemma3",
                                          config,    gemma2::names, make_causal_lm<Gemma3>};

}  // namespace gemma3
}  // namespace headformer
