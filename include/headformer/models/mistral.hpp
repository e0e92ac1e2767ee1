#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/llama.hpp"

namespace headformer::mistral {

/// Mistral (Jiang et al. 2023, https://arxiv.org/abs/2310.06825): Llama with a sliding window. Its GGUFs are Llama's.
HEADFORMER_COLD inline CausalLmConfig config(const Checkpoint& checkpoint) {
  const JsonObject json = checkpoint.config();
  CausalLmConfig config = read_decoder(json, "Mistral");
  const Index window = read_window(json, 4096);
  for (LayerConfig& layer : config.layers) layer.attention.window = window;
  return config;
}

inline constexpr std::string_view architectures[] = {"MistralForCausalLM"};
inline constexpr CausalLmFamily family = {"Mistral", architectures, "", config, llama::names, make_causal_lm<Llama>};

}  // namespace headformer::mistral
