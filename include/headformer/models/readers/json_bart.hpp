#pragma once

#include <cmath>
#include <string>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/json_encoder.hpp"
#include "headformer/models/seq2seq/config.hpp"

namespace headformer {

/// What a class takes where its config says nothing: here BART's.
struct BartDefaults {
  Index vocabulary = 50265;
  Index width = 1024;
  Index encoder_layers = 12;
  Index decoder_layers = 12;
  Index heads = 16;
  Index hidden_width = 4096;
  Index positions = 1024;
  const char* activation = "gelu";
  bool scales_embedding = false;
  TokenId padding_id = 1;
  TokenId end_id = 2;
  bool forces_end = true;  ///< with that id when the length runs out
  TokenId start_id = 2;    ///< -1: none
  Index labels = 2;
};

namespace detail {

/// One side: its layers, norms and positions, as an encoder's.
HEADFORMER_COLD inline EncoderConfig read_bart_side(const JsonObject& config, const std::string& side,
                                                    const std::string& family, Index layers,
                                                    const BartDefaults& defaults) {
  const std::string layers_key = side + "_layers";
  const std::string heads_key = side + "_attention_heads";
  const std::string hidden_width_key = side + "_ffn_dim";
  EncoderDefaults keys;
  keys.width_key = "d_model";
  keys.layers_key = layers_key.c_str();
  keys.heads_key = heads_key.c_str();
  keys.hidden_width_key = hidden_width_key.c_str();
  keys.activation_key = "activation_function";
  keys.epsilon_key = nullptr;
  keys.epsilon = 1e-5;
  keys.vocabulary = defaults.vocabulary;
  keys.width = defaults.width;
  keys.layers = layers;
  keys.heads = defaults.heads;
  keys.hidden_width = defaults.hidden_width;
  keys.positions = defaults.positions;
  keys.activation = defaults.activation;
  keys.padding_id = defaults.padding_id;
  EncoderConfig result = read_encoder(config, family, keys);
  if (config.boolean_or("scale_embedding", defaults.scales_embedding))
    result.embedding_scale = static_cast<float>(std::sqrt(static_cast<double>(result.width)));
  return result;
}

}  // namespace detail

/// The common keys of BART and of the families whose configs are called as its is.
HEADFORMER_COLD inline Seq2SeqConfig read_bart(const JsonObject& json, std::string family,
                                               const BartDefaults& defaults = {}) {
  Seq2SeqConfig config;
  config.encoder = detail::read_bart_side(json, "encoder", family, defaults.encoder_layers, defaults);
  const EncoderConfig side = detail::read_bart_side(json, "decoder", family, defaults.decoder_layers, defaults);
  config.family = std::move(family);
  CausalLmConfig& decoder = config.decoder;
  decoder.family = config.family;
  decoder.vocabulary = side.vocabulary;
  decoder.width = side.width;
  decoder.context_length = decoder.learned_positions = side.learned_positions;
  decoder.embedding_scale = side.embedding_scale;
  decoder.tied_output = side.tied_output;
  decoder.norm = side.norm;
  decoder.layers = side.layers;
  for (std::size_t i = 0; i < decoder.layers.size(); ++i) {
    LayerConfig& layer = decoder.layers[i];
    layer.attention.slot = static_cast<Index>(i);
    layer.cross_attention = layer.attention;
  }
  HeadsConfig& heads = config.encoder.heads;
  heads.pooler.width = 0;
  heads.classifier.pooling = Pooling::last;
  if (!json.has("id2label")) heads.labels = json.integer_or("num_labels", defaults.labels, 1, detail::most_width);
  config.shares_embedding = decoder.tied_output;
  config.padding_id = config.encoder.padding_id;
  config.end_id = read_id(json, "eos_token_id", defaults.end_id);
  config.forced_end_id = read_id(json, "forced_eos_token_id", defaults.forces_end ? defaults.end_id : -1);
  config.start_id = read_id(json, "decoder_start_token_id", defaults.start_id);
  return config;
}

/// A table of positions that begins with two rows nobody uses.
inline void skip_two_positions(Seq2SeqConfig& config) {
  config.encoder.skipped_positions = config.decoder.skipped_positions = 2;
}

}  // namespace headformer
