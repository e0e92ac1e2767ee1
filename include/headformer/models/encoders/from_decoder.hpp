#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/models/causal_lm/family.hpp"
#include "headformer/models/encoders/family.hpp"
#include "headformer/models/encoders/positioned_encoder.hpp"
#include "headformer/models/readers/json_decoder.hpp"
#include "headformer/models/readers/json_encoder.hpp"

namespace headformer {

// A decoder family's layers in one pass, without a cache, and heads in the place of the one over the vocabulary.

/// What a decoder's config says of an encoder with the same layers.
HEADFORMER_COLD inline EncoderConfig encoder_of(CausalLmConfig decoder) {
  EncoderConfig config;
  config.family = std::move(decoder.family);
  config.vocabulary = decoder.vocabulary;
  config.width = config.embedding_width = decoder.width;
  config.context_length = decoder.context_length;
  config.embedding_scale = decoder.embedding_scale;
  config.learned_positions = decoder.learned_positions;
  config.skipped_positions = decoder.skipped_positions;
  config.numbering = decoder.numbering.rule;
  config.takes_token_types = false;  // GPT-2's would be words
  config.looks_back = decoder.looks_back;
  config.norm = decoder.norm;
  config.layers = std::move(decoder.layers);
  config.counts_columns = std::any_of(config.layers.begin(), config.layers.end(),
                                      [](const LayerConfig& layer) { return layer.attention.window > 0; });
  return config;
}

/// The id that a classifier takes for padding, where the config or, when it is silent, the class has one (`fallback`
/// -1: none). A config's own -1 is an id, which no token has.
HEADFORMER_COLD inline std::optional<TokenId> read_classifier_padding(const JsonObject& config, TokenId fallback) {
  const char* key = "pad_token_id";
  if (!config.mentions(key)) return fallback < 0 ? std::optional<TokenId>() : fallback;
  if (!config.has(key)) return std::nullopt;
  return static_cast<TokenId>(config.integer(key, -1, std::numeric_limits<TokenId>::max()));
}

/// Reads a family's config. `padding_id`: the class's where the config does not say; -1: none.
template <const CausalLmFamily& decoder, TokenId padding_id>
HEADFORMER_COLD EncoderConfig read_encoder_of(const Checkpoint& checkpoint) {
  EncoderConfig config = encoder_of(decoder.config(checkpoint));
  if (checkpoint.is_gguf()) return config;
  const JsonObject json = checkpoint.config();
  const JsonObject text = text_config(json);
  if (!text.boolean_or("is_causal", true)) {
    config.looks_back = false;
    for (LayerConfig& layer : config.layers) {  // the reference's: as many columns on each side
      Index& window = layer.attention.window;
      window = 2 * std::min(window, kernels::unlimited / 2);
    }
  }
  HeadsConfig& heads = config.heads;
  heads.labels = read_labels(json);
  heads.classifier.width = config.width;
  heads.classifier.pooling = Pooling::last_not_padding;
  heads.classifier.padding_id = read_classifier_padding(text, padding_id);
  heads.classifier_bias = false;
  config.padding_id = std::max(heads.classifier.padding_id.value_or(0), 0);
  return config;
}

/// Files of a class hold what others put on top, too.
inline constexpr std::string_view decoder_heads[] = {"lm_head.",      "score.",   "classifier.", "qa_outputs.",
                                                     "output.weight", "dense_2.", "dense_3."};
template <const CausalLmFamily& decoder>
NameTable names_of_encoder() {
  NameTable table = decoder.names();
  table.other_heads = decoder_heads;
  return table;
}

/// By a policy of positions, a layer by what a token sees, and the last norm.
template <class Positions, template <class> class Layer, Module FinalNorm>
HEADFORMER_COLD std::unique_ptr<Encoder> make_encoder_of(EncoderConfig config, const Weights& weights) {
  if (config.looks_back)
    return make_encoder<PositionedEncoder<Positions, Layer<CausalInPass>, FinalNorm>>(std::move(config), weights);
  return make_encoder<PositionedEncoder<Positions, Layer<Bidirectional>, FinalNorm>>(std::move(config), weights);
}

/// The family of a decoder's classes without a head over the vocabulary.
template <const CausalLmFamily& decoder, template <class> class Layer, TokenId padding_id = -1,
          class Positions = NoPositions, Module FinalNorm = RmsNorm>
constexpr EncoderFamily encoder_family_of(std::string_view model_type, std::span<const EncoderClass> classes,
                                          std::string_view gguf_architecture = "") {
  return {decoder.name,
          model_type,
          gguf_architecture,
          classes,
          read_encoder_of<decoder, padding_id>,
          names_of_encoder<decoder>,
          make_encoder_of<Positions, Layer, FinalNorm>,
          &decoder};
}

}  // namespace headformer
