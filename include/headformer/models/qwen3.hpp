#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/qwen2.hpp"

namespace headformer {

/// Qwen 3 (https://arxiv.org/abs/2505.09388): each head's queries and keys are normalised.
template <class Mask>
using Qwen3Layer = PreNormBlock<RmsNorm, SelfAttention<Mask, Rotary, RmsHeadNorm>, GatedMlp>;
using Qwen3 = CausalLm<NoPositions, Qwen3Layer<Causal>, RmsNorm>;

namespace qwen3 {

HEADFORMER_COLD inline CausalLmConfig config(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) return read_decoder(checkpoint, "qwen3", "Qwen3");
  const JsonObject json = checkpoint.config();
  DecoderDefaults defaults = qwen2::defaults();
  defaults.head_width = 128;
  CausalLmConfig config = read_decoder(json, "Qwen3", defaults);
  for (LayerConfig& layer : config.layers) {
    layer.attention.bias = layer.attention.output_bias = json.boolean_or("attention_bias", false);
  }
  qwen2::read_windows(json, config);
  return config;
}

inline constexpr std::string_view architectures[] = {"Qwen3ForCausalLM"};
inline constexpr CausalLmFamily family = {"Qwen3", architectures, "qwen3",
                                          config,  decoder_names, make_causal_lm<Qwen3>};

}  // namespace qwen3
}  // namespace headformer
