#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/llama.hpp"

namespace headformer {

/// What the Gemma generations share: norms stored as the difference from 1 (in Hugging Face files), embeddings scaled
/// by the root of the width, GELU's tanh form, tied output.
namespace gemma {

inline NameTable names() { return {decoder_rows, decoder_ignored, Transform::none, Transform::plus_one}; }

inline void finish(CausalLmConfig& config) {
  config.embedding_scale = std::sqrt(static_cast<float>(config.width));
  for (LayerConfig& layer : config.layers) layer.feed_forward.activation = kernels::Activation::gelu_tanh;
}

/// The keys of any Gemma's Hugging Face config. Gemma 1 says hidden_act, the later ones hidden_activation; the other
/// key may be there and means nothing.
HEADFORMER_COLD inline CausalLmConfig read(const JsonObject& json, std::string family, DecoderDefaults defaults) {
  defaults.tied = true;
  defaults.head_width = 256;
  CausalLmConfig config = read_decoder(json, std::move(family), defaults);
  finish(config);
  kernels::Activation activation = detail::read_activation(json, defaults.activation_key, "gelu_pytorch_tanh");
  // The first configs say hidden_act "gelu" and mean the tanh form; the reference corrects them likewise.
  if (activation == kernels::Activation::gelu && defaults.activation_key == std::string_view("hidden_act"))
    activation = kernels::Activation::gelu_tanh;
  for (LayerConfig& layer : config.layers) {
    layer.feed_forward.activation = activation;
    layer.attention.bias = layer.attention.output_bias = json.boolean_or("attention_bias", false);
    if (json.has("query_pre_attn_scalar")) {
      layer.attention.scale = static_cast<float>(1.0 / std::sqrt(json.positive("query_pre_attn_scalar")));
    }
  }
  config.logits_soft_cap = static_cast<float>(json.number_or("final_logit_softcapping", 0, 0));
  return config;
}

/// Gemma 1 and 2 have the key of Gemma 3, and the reference's kinds of attention do not agree on what it does there.
HEADFORMER_COLD inline void expect_one_direction(const JsonObject& json) {
  if (json.boolean_or("use_bidirectional_attention", false)) json.fail("use_bidirectional_attention", "false");
}

/// Gemma 1 (https://arxiv.org/abs/2403.08295).
HEADFORMER_COLD inline CausalLmConfig config(const Checkpoint& checkpoint) {
  if (!checkpoint.is_gguf()) {
    DecoderDefaults defaults;
    defaults.key_value_heads = 16;
    defaults.context_length = 8192;
    const JsonObject json = checkpoint.config();
    expect_one_direction(json);
    return read(json, "Gemma", defaults);
  }
  CausalLmConfig config = read_decoder(checkpoint, "gemma", "Gemma");
  finish(config);
  return config;
}

inline constexpr std::string_view architectures[] = {"GemmaForCausalLM"};
inline constexpr CausalLmFamily family = {"Gemma", architectures, "gemma", config, names, make_causal_lm<Llama>};

}  // namespace gemma
}  // namespace headformer
