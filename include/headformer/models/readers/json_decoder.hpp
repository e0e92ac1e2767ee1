#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/models/causal_lm/config.hpp"
#include "headformer/models/readers/json_activation.hpp"
#include "headformer/models/readers/json_rotary.hpp"
#include "headformer/models/readers/sizes.hpp"

namespace headformer {

/// What the decoder families' configs have in common. A family reads with these and then says what is its own.
struct DecoderDefaults {
  double rotary_theta = 10000;
  bool tied = false;
  float epsilon = 1e-6F;
  const char* activation_key = "hidden_act";
  Index vocabulary = 0;  ///< 0, here and below: the config must say
  Index heads = 0;
  Index key_value_heads = 0;  ///< of a config without the key; one that says null has as many as heads
  Index head_width = 0;
  Index context_length = 2048;
  Index original_positions = 0;  ///< see RotaryDefaults

  RotaryDefaults rotary() const { return {rotary_theta, context_length, original_positions}; }
};

/// The config of a multimodal checkpoint's language model, or of one that is nothing else.
HEADFORMER_COLD inline JsonObject text_config(const JsonObject& config) {
  return config.has("text_config") ? config.object("text_config") : config;
}

/// The common keys of a Hugging Face config of a Llama-like decoder.
HEADFORMER_COLD inline CausalLmConfig read_decoder(const JsonObject& config, std::string family,
                                                   const DecoderDefaults& defaults = {}) {
  CausalLmConfig result;
  result.family = std::move(family);
  result.width = config.integer("hidden_size", 1, detail::most_width);
  result.vocabulary =
      detail::read_size(config, "vocab_size", defaults.vocabulary, std::numeric_limits<std::int32_t>::max());
  result.context_length = config.integer_or("max_position_embeddings", defaults.context_length, 1);
  result.tied_output = config.boolean_or("tie_word_embeddings", defaults.tied);

  LayerConfig layer;
  layer.norm = {result.width,
                static_cast<float>(config.number_or("rms_norm_eps", static_cast<double>(defaults.epsilon), 0, 1))};
  result.norm = layer.norm;
  AttentionConfig& attention = layer.attention;
  attention.width = result.width;
  attention.heads = detail::read_size(config, "num_attention_heads", defaults.heads, detail::most_width);
  const bool silent = !config.mentions("num_key_value_heads");
  attention.key_value_heads = config.integer_or(
      "num_key_value_heads", silent && defaults.key_value_heads > 0 ? defaults.key_value_heads : attention.heads, 1);
  if (attention.heads % attention.key_value_heads != 0)
    config.fail("num_key_value_heads", "a divisor of num_attention_heads " + std::to_string(attention.heads));
  if (!config.has("head_dim") && defaults.head_width == 0 && result.width % attention.heads != 0) {
    config.fail("num_attention_heads", "a divisor of hidden_size " + std::to_string(result.width));
  }
  attention.head_width = config.integer_or(
      "head_dim", defaults.head_width > 0 ? defaults.head_width : result.width / attention.heads, 1, 4096);
  attention.scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(attention.head_width)));
  attention.head_norm = {attention.head_width, layer.norm.epsilon};
  layer.feed_forward = {result.width, config.integer("intermediate_size", 1, detail::most_width),
                        detail::read_activation(config, defaults.activation_key, "silu"), false};
  result.layers.assign(static_cast<std::size_t>(config.integer("num_hidden_layers", 1, detail::most_layers)), layer);
  const RotaryConfig rotary = read_rotary(config, attention.head_width, defaults.rotary());
  for (std::size_t i = 0; i < result.layers.size(); ++i) {
    result.layers[i].attention.slot = static_cast<Index>(i);
    result.layers[i].attention.rotary = rotary;
  }
  return result;
}

}  // namespace headformer
