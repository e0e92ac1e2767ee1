#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/llama.hpp"

namespace headformer::qwen2 {

/// Qwen 2's and 3's.
inline DecoderDefaults defaults() {
  DecoderDefaults result;
  result.key_value_heads = 32;
  result.context_length = 32768;
  return result;
}

/// Windows of the Qwen families: only with `use_sliding_window`, from layer `max_window_layers` on.
inline void read_windows(const JsonObject& json, CausalLmConfig& config) {
  const auto layers = static_cast<Index>(config.layers.size());
  const Index first = json.integer_or("max_window_layers", 28, 0);
  const bool use = json.boolean_or("use_sliding_window", false);
  const auto windowed = read_windowed_layers(json, layers, [&](Index i) { return use && i >= first; });
  detail::set_window(config, windowed, use ? read_window(json, 4096) : 0);
}

/// Qwen 2 and 2.5 (https://arxiv.org/abs/2407.10671): Llama with biases on queries, keys and values.
HEADFORMER_COLD inline CausalLmConfig config(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) return read_decoder(checkpoint, "qwen2", "Qwen2");
  const JsonObject json = checkpoint.config();
  CausalLmConfig config = read_decoder(json, "Qwen2", defaults());
  for (LayerConfig& layer : config.layers) layer.attention.bias = true;
  read_windows(json, config);
  return config;
}

inline constexpr std::string_view architectures[] = {"Qwen2ForCausalLM"};
inline constexpr CausalLmFamily family = {"Qwen2", architectures, "qwen2",
                                          config,  decoder_names, make_causal_lm<Llama>};

}  // namespace headformer::qwen2
