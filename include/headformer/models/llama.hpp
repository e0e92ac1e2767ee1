#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/causal_lm/causal_lm.hpp"
#include "headformer/models/causal_lm/family.hpp"
#include "headformer/models/readers/decoder.hpp"

namespace headformer {

/// Llama 1, 2 and 3.x (Touvron et al. 2023, https://arxiv.org/abs/2302.13971) and whatever shares its structure: its
/// layers by what a token sees.
template <class Mask>
using LlamaLayer = PreNormBlock<RmsNorm, SelfAttention<Mask, Rotary>, GatedMlp>;
using Llama = CausalLm<NoPositions, LlamaLayer<Causal>, RmsNorm>;

namespace llama {

/// GGUF's converter interleaves the halves of each head for its rotary kernel.
inline NameTable names() { return {decoder_rows, decoder_ignored, Transform::interleaved_heads}; }

HEADFORMER_COLD inline CausalLmConfig config(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) return read_decoder(checkpoint, "llama", "Llama");
  const JsonObject json = checkpoint.config();
  CausalLmConfig config = read_decoder(json, "Llama");
  for (LayerConfig& layer : config.layers) {
    layer.attention.bias = layer.attention.output_bias = json.boolean_or("attention_bias", false);
    layer.feed_forward.bias = json.boolean_or("mlp_bias", false);
  }
  return config;
}

inline constexpr std::string_view architectures[] = {"LlamaForCausalLM"};
inline constexpr CausalLmFamily family = {"Llama", architectures, "llama", config, names, make_causal_lm<Llama>};

}  // namespace llama
}  // namespace headformer
