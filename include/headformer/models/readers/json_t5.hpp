#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/json_encoder.hpp"
#include "headformer/models/seq2seq/config.hpp"

namespace headformer {

/// What a class takes where its config says nothing: here T5's.
struct T5Defaults {
  Index vocabulary = 32128;
  Index layers = 6;
  Index heads = 8;
  Index hidden_width = 2048;
  const char* feed_forward = "relu";
  TokenId start_id = -1;  ///< -1: none
};

namespace detail {

/// "relu", "gated-gelu": the activation, and whether there is a gate.
HEADFORMER_COLD inline kernels::Activation read_t5_feed_forward(const JsonObject& json, const T5Defaults& defaults,
                                                                bool& gated) {
  const std::string kind = json.string_or("feed_forward_proj", defaults.feed_forward);
  gated = kind.starts_with("gated-");
  if (kind == "gated-gelu") return kernels::Activation::gelu_tanh;  // with a gate the name means the tanh form
  return activation_of(json, "feed_forward_proj", gated ? kind.substr(6) : kind);
}

HEADFORMER_COLD inline RelativeBucketConfig read_t5_buckets(const JsonObject& json) {
  RelativeBucketConfig relative;
  relative.rows = relative.buckets = json.integer_or("relative_attention_num_buckets", 32, 4, 65536);
  relative.greatest_distance = json.integer_or("relative_attention_max_distance", 128, 1, 65536);
  if (relative.greatest_distance <= relative.buckets / 2)
    json.fail("relative_attention_max_distance",
              "more than half of relative_attention_num_buckets " + std::to_string(relative.buckets));
  return relative;
}

}  // namespace detail

/// Both sides of T5 from what they share: an encoder's config without layers, and one of its layers, whose relative
/// biases the decoder has for what is past.
HEADFORMER_COLD inline void build_t5(Seq2SeqConfig& config, LayerConfig layer, Index layers, Index decoder_layers) {
  EncoderConfig& encoder = config.encoder;
  encoder.family = config.family;
  encoder.embedding_width = encoder.width;
  encoder.counts_columns = config.decoder_counts_columns = true;
  config.padding_id = encoder.padding_id;
  encoder.heads.pooler.width = 0;
  encoder.heads.classifier = {encoder.width};
  encoder.heads.classifier.pooling = Pooling::last;
  layer.attention.relative.sides = RelativeSides::both;
  encoder.layers.assign(static_cast<std::size_t>(layers), layer);

  CausalLmConfig& decoder = config.decoder;
  decoder.family = config.family;
  decoder.vocabulary = encoder.vocabulary;
  decoder.width = encoder.width;
  decoder.context_length = encoder.context_length;
  decoder.tied_output = true;  // whatever the config says: see settle_tying()
  decoder.norm = encoder.norm;
  layer.cross_attention = layer.attention;
  layer.attention.relative.sides = RelativeSides::past;
  decoder.layers.assign(static_cast<std::size_t>(decoder_layers), layer);
  for (std::size_t i = 0; i < decoder.layers.size(); ++i)
    decoder.layers[i].attention.slot = decoder.layers[i].cross_attention.slot = static_cast<Index>(i);
}

/// The keys of T5's config and of its heirs'.
HEADFORMER_COLD inline Seq2SeqConfig read_t5(const JsonObject& json, std::string family,
                                             const T5Defaults& defaults = {}) {
  Seq2SeqConfig config;
  config.family = std::move(family);
  EncoderConfig& encoder = config.encoder;
  encoder.vocabulary = json.integer_or("vocab_size", defaults.vocabulary, 1, std::numeric_limits<std::int32_t>::max());
  encoder.width = json.integer_or("d_model", 512, 1, detail::most_width);
  encoder.context_length = 512;
  encoder.padding_id = read_padding_id(json, 0);
  encoder.norm = {encoder.width, static_cast<float>(json.number_or("layer_norm_epsilon", 1e-6, 0, 1))};
  encoder.heads.labels = read_labels(json);

  LayerConfig layer;
  layer.norm = encoder.norm;
  AttentionConfig& attention = layer.attention;
  attention.width = encoder.width;
  attention.heads = attention.key_value_heads = json.integer_or("num_heads", defaults.heads, 1, detail::most_width);
  attention.head_width = json.integer_or("d_kv", 64, 1, 4096);  // of scores that are not scaled
  attention.relative = detail::read_t5_buckets(json);
  layer.feed_forward = {encoder.width, json.integer_or("d_ff", defaults.hidden_width, 1, detail::most_width),
                        detail::read_t5_feed_forward(json, defaults, encoder.gated_feed_forward)};
  const Index layers = json.integer_or("num_layers", defaults.layers, 1, detail::most_layers);
  build_t5(config, std::move(layer), layers, json.integer_or("num_decoder_layers", layers, 1, detail::most_layers));
  config.end_id = read_id(json, "eos_token_id", 1);
  config.start_id = read_id(json, "decoder_start_token_id", defaults.start_id);
  return config;
}

/// T5's first models scale what their head is given.
inline void scale_output(Seq2SeqConfig& config) {
  config.decoder.output_scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(config.decoder.width)));
}

}  // namespace headformer
