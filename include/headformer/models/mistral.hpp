#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/llama.hpp"

namespace headformer::mistral {

/// Mistral (Jiang et al. 2023, https://arxiv.org/abs/2310.06825): Llama with a sliding window. Its GGUFs are
/// Llama's: the format has no key for the window there, so they run without one, as in llama.cpp.
HEADFORMER_COLD inline CausalLmConfig config(const Checkpoint& checkpoint) {
  const JsonObject json = checkpoint.config();
  DecoderDefaults defaults;
  defaults.key_value_heads = 8;
  defaults.context_length = 131072;
  CausalLmConfig config = read_decoder(json, "Mistral", defaults);
  const Index window = read_window(json, 4096);
  for (LayerConfig& layer : config.layers) layer.attention.window = window;
  return config;
}

inline constexpr std::string_view architectures[] = {"MistralForCausalLM"};
inline constexpr CausalLmFamily family = {"Mistral", architectures, "", config, llama::names, make_causal_lm<Llama>};

}  // namespace headformer::mistral
