#pragma once

#include <string>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/models/causal_lm/config.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

namespace detail {

inline void set_window(CausalLmConfig& config, const std::vector<bool>& windowed, Index window) {
  for (std::size_t i = 0; i < config.layers.size(); ++i) config.layers[i].attention.window = windowed[i] ? window : 0;
}

}  // namespace detail

/// A window that a config may leave out (the class's default), switch off (null), or set.
HEADFORMER_COLD inline Index read_window(const JsonObject& config, Index fallback) {
  if (!config.mentions("sliding_window")) return fallback;
  return config.integer_or("sliding_window", 0, 1);
}

/// Which layers slide, by `layer_types` ("sliding_attention", "full_attention"), or where the config has none by
/// `otherwise(i)`.
template <class Otherwise>
std::vector<bool> read_windowed_layers(const JsonObject& config, Index layers, Otherwise otherwise) {
  std::vector<bool> windowed(static_cast<std::size_t>(layers));
  if (!config.has("layer_types")) {
    for (Index i = 0; i < layers; ++i) windowed[static_cast<std::size_t>(i)] = otherwise(i);
    return windowed;
  }
  const std::vector<std::string> types = config.strings("layer_types");
  if (static_cast<Index>(types.size()) != layers)
    config.fail("layer_types", std::to_string(layers) + " entries (num_hidden_layers)");
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (types[i] != "sliding_attention" && types[i] != "full_attention")
      config.fail("layer_types", "sliding_attention or full_attention for each layer");
    windowed[i] = types[i] == "sliding_attention";
  }
  return windowed;
}

/// A GGUF's window, in all layers. Only for the architectures whose models have one: files of others may hold the key
/// too (of a window that is switched off), and llama.cpp does not look at it there.
inline void set_window(const Checkpoint& checkpoint, const std::string& architecture, CausalLmConfig& config) {
  const Index window = checkpoint.gguf().integer_or(architecture + ".attention.sliding_window", 0, 0);
  for (LayerConfig& layer : config.layers) layer.attention.window = window;
}

}  // namespace headformer
