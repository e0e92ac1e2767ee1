#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/models/encoders/config.hpp"
#include "headformer/models/readers/json_activation.hpp"
#include "headformer/models/readers/sizes.hpp"

namespace headformer {

/// How a family's config spells its keys, and what its class takes where the config says nothing: here BERT's.
struct EncoderDefaults {
  const char* width_key = "hidden_size";
  const char* layers_key = "num_hidden_layers";
  const char* heads_key = "num_attention_heads";
  const char* hidden_width_key = "intermediate_size";
  const char* activation_key = "hidden_act";
  const char* epsilon_key = "layer_norm_eps";  ///< nullptr: the class has no such key
  Index vocabulary = 30522;
  Index width = 768;
  Index layers = 12;
  Index heads = 12;
  Index hidden_width = 3072;
  Index positions = 512;
  const char* activation = "gelu";
  double epsilon = 1e-12;
  TokenId padding_id = 0;
};

/// How many labels a classifier has: those of `id2label`, or `num_labels` as older configs say, or 2.
HEADFORMER_COLD inline Index read_labels(const JsonObject& config) {
  if (!config.has("id2label")) return config.integer_or("num_labels", 2, 1, detail::most_width);
  return static_cast<Index>(config.object("id2label").keys().size());
}

/// A token's id, where the config or, when it is silent, the class has one (`fallback` -1: none). Of several the first.
HEADFORMER_COLD inline std::optional<TokenId> read_id(const JsonObject& config, const char* key, TokenId fallback) {
  if (!config.mentions(key)) return fallback < 0 ? std::optional<TokenId>() : fallback;
  if (!config.has(key)) return std::nullopt;
  constexpr Index most = std::numeric_limits<TokenId>::max();
  if (!config.is_array(key)) return static_cast<TokenId>(config.integer(key, 0, most));
  const std::vector<Index> ids = config.integers(key, 0, most);
  return ids.empty() ? std::optional<TokenId>() : static_cast<TokenId>(ids.front());
}

/// The id that fills rows up.
HEADFORMER_COLD inline TokenId read_padding_id(const JsonObject& config, TokenId fallback) {
  return static_cast<TokenId>(config.integer_or("pad_token_id", fallback, 0, detail::most_width));
}

/// The keys of a layer, which encoders of texts and of pictures have in common; biases everywhere.
HEADFORMER_COLD inline LayerConfig read_encoder_layer(const JsonObject& config, const EncoderDefaults& defaults = {}) {
  LayerConfig layer;
  const Index width = detail::read_size(config, defaults.width_key, defaults.width, detail::most_width);
  const double epsilon = defaults.epsilon_key == nullptr
                             ? defaults.epsilon
                             : config.number_or(defaults.epsilon_key, defaults.epsilon, 0, 1);
  layer.norm = {width, static_cast<float>(epsilon)};
  AttentionConfig& attention = layer.attention;
  attention.width = width;
  attention.heads = attention.key_value_heads =
      detail::read_size(config, defaults.heads_key, defaults.heads, detail::most_width);
  if (width % attention.heads != 0)
    config.fail(defaults.heads_key, "a divisor of " + std::string(defaults.width_key) + " " + std::to_string(width));
  attention.head_width = width / attention.heads;
  attention.scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(attention.head_width)));
  attention.bias = attention.output_bias = true;
  layer.feed_forward = {width,
                        detail::read_size(config, defaults.hidden_width_key, defaults.hidden_width, detail::most_width),
                        detail::read_activation(config, defaults.activation_key, defaults.activation), true};
  return layer;
}

/// How many layers there are.
HEADFORMER_COLD inline std::size_t read_layer_count(const JsonObject& config, const EncoderDefaults& defaults = {}) {
  return static_cast<std::size_t>(detail::read_size(config, defaults.layers_key, defaults.layers, detail::most_layers));
}

/// The common keys of a Hugging Face config of a BERT-like encoder: learned positions, biases everywhere, a pooler.
HEADFORMER_COLD inline EncoderConfig read_encoder(const JsonObject& config, std::string family,
                                                  const EncoderDefaults& defaults = {}) {
  EncoderConfig result;
  result.family = std::move(family);
  result.vocabulary =
      detail::read_size(config, "vocab_size", defaults.vocabulary, std::numeric_limits<std::int32_t>::max());
  const LayerConfig layer = read_encoder_layer(config, defaults);
  result.width = result.embedding_width = layer.norm.width;
  result.norm = layer.norm;
  result.layers.assign(read_layer_count(config, defaults), layer);
  result.context_length = result.learned_positions =
      detail::read_size(config, "max_position_embeddings", defaults.positions, detail::most_width);
  result.tied_output = config.boolean_or("tie_word_embeddings", true);
  result.padding_id = read_padding_id(config, defaults.padding_id);

  HeadsConfig& heads = result.heads;
  heads.labels = read_labels(config);
  heads.pooler.width = heads.classifier.width = heads.choice.width = result.width;
  heads.masked_lm = {result.width, layer.feed_forward.activation, true, layer.norm};
  return result;
}

/// What is true of BERT's own config and of those that began as copies of it.
HEADFORMER_COLD inline void read_bert_options(const JsonObject& json, EncoderConfig& config) {
  config.token_types = json.integer_or("type_vocab_size", 2, 0, detail::most_width);
  config.looks_back = json.boolean_or("is_decoder", false);
  if (json.boolean_or("add_cross_attention", false)) json.fail("add_cross_attention", "false");
  if (json.string_or("position_embedding_type", "absolute") != "absolute")
    json.fail("position_embedding_type", "absolute");
}

}  // namespace headformer
