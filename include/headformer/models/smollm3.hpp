#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/llama.hpp"

namespace headformer::smollm3 {

/// SmolLM3 (https://huggingface.co/blog/smollm3): Llama whose every fourth layer has no rotary embedding.
HEADFORMER_COLD inline CausalLmConfig config(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) {
    CausalLmConfig config = read_decoder(checkpoint, "smollm3", "SmolLM3");
    for (std::size_t i = 3; i < config.layers.size(); i += 4)
      config.layers[i].attention.rotary = {};  // the format has no key for it
    return config;
  }
  const JsonObject json = checkpoint.config();
  DecoderDefaults defaults;
  defaults.rotary_theta = 2000000;
  defaults.tied = true;
  defaults.key_value_heads = 4;
  defaults.context_length = 32768;
  CausalLmConfig config = read_decoder(json, "SmolLM3", defaults);
  const auto layers = static_cast<Index>(config.layers.size());
  const Index interval = json.integer_or("no_rope_layer_interval", 4, 1);
  std::vector<Index> rotated;  // 1: the layer has rotary embeddings
  if (json.has("no_rope_layers")) {
    rotated = json.integers("no_rope_layers", 0, 1);
  } else {
    for (Index i = 0; i < layers; ++i) rotated.push_back((i + 1) % interval != 0 ? 1 : 0);
  }
  if (static_cast<Index>(rotated.size()) < layers)
    json.fail("no_rope_layers", "at least " + std::to_string(layers) + " entries (num_hidden_layers)");

  const bool use = json.boolean_or("use_sliding_window", false) && json.has("sliding_window");
  const auto windowed =
      read_windowed_layers(json, layers, [&](Index i) { return use && rotated[static_cast<std::size_t>(i)] == 0; });
  detail::set_window(config, windowed, json.integer_or("sliding_window", 0, 1));
  for (std::size_t i = 0; i < config.layers.size(); ++i) {
    LayerConfig& layer = config.layers[i];
    if (rotated[i] == 0) layer.attention.rotary = {};
    layer.attention.bias = layer.attention.output_bias = json.boolean_or("attention_bias", false);
    layer.feed_forward.bias = json.boolean_or("mlp_bias", false);
  }
  return config;
}

inline constexpr std::string_view architectures[] = {"SmolLM3ForCausalLM"};
inline constexpr CausalLmFamily family = {"SmolLM3", architectures, "smollm3",
                                          config,    llama::names,  make_causal_lm<Llama>};

}  // namespace headformer::smollm3
