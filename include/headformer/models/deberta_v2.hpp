#pragma once

#include <algorithm>
#include <cctype>

#include "headformer/blocks/convolved_block.hpp"
#include "headformer/blocks/led_stack.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/models/encoders/family.hpp"
#include "headformer/models/encoders/transformer_encoder.hpp"
#include "headformer/models/readers/encoder.hpp"
#include "headformer/nn/disentangled.hpp"

namespace headformer {

/// A layer of DeBERTa v2 and v3.
using DebertaLayer = PostNormBlock<LayerNorm, SelfAttention<Bidirectional, Disentangled>, Mlp>;
template <Block Layers>
using DebertaOf =
    TransformerEncoder<InputEmbeddings<ProjectionThenNorm>, Layers, NoNorm, HeadMaker<NoTransform, DenseTransform>>;

/// DeBERTa v2 (He et al. 2021, https://arxiv.org/abs/2006.03654) and v3 (https://arxiv.org/abs/2111.09543), whose
/// layers are the same: BERT's with disentangled attention.
using DebertaV2 = DebertaOf<Stack<DebertaLayer>>;
/// The larger ones of v2 have a convolution beside the first layer.
using ConvolvedDebertaV2 = DebertaOf<LedStack<ConvolvedBlock<DebertaLayer>, DebertaLayer>>;

namespace deberta_v2 {

inline constexpr auto rows =
    with_rows({{"embedding_projection", "embeddings.embed_proj", ""},
               {"layers.#.attn.query", "encoder.layer.#.attention.self.query_proj", ""},
               {"layers.#.attn.key", "encoder.layer.#.attention.self.key_proj", ""},
               {"layers.#.attn.value", "encoder.layer.#.attention.self.value_proj", ""},
               {"layers.#.attn.position_key", "encoder.layer.#.attention.self.pos_key_proj", ""},
               {"layers.#.attn.position_query", "encoder.layer.#.attention.self.pos_query_proj", ""},
               {"layers.#.attn.relative_embedding", "encoder.rel_embeddings", ""},
               {"layers.#.attn.relative_norm", "encoder.LayerNorm", ""},
               {"layers.#.convolution", "encoder.conv.conv", "", Transform::flattened},
               {"layers.#.convolution_norm", "encoder.conv.LayerNorm", ""},
               {"output", "cls.predictions.decoder|cls.predictions|lm_predictions.lm_head", ""},
               {"masked_lm.dense", "cls.predictions.transform.dense|lm_predictions.lm_head.dense", ""},
               {"masked_lm.norm", "cls.predictions.transform.LayerNorm|lm_predictions.lm_head.LayerNorm", ""}},
              bert_rows);
/// A model without absolute positions may come with a table of them, as the published ones of v3 do.
inline constexpr std::string_view ignored[] = {"position_ids",    "position_embeddings", "pooler.",     "cls.",
                                               "lm_predictions.", "mask_predictions.",   "classifier.", "qa_outputs."};
inline NameTable names() {
  NameTable table{rows, ignored};
  table.base = "deberta";
  return table;
}

/// The names in a list or in a string with '|' between them.
HEADFORMER_COLD inline std::vector<std::string> read_names(const JsonObject& json, const char* key) {
  if (!json.is_string(key)) return json.has(key) ? json.strings(key) : std::vector<std::string>();
  const std::string text = json.string(key);
  std::vector<std::string> result(1);
  for (const char c : text) {
    if (c == '|') {
      result.emplace_back();
    } else if (c != ' ') {
      result.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return result;
}

HEADFORMER_COLD inline DisentangledConfig read_disentangled(const JsonObject& json, const EncoderConfig& config) {
  const auto has = [](const std::vector<std::string>& names, const char* name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  DisentangledConfig relative;
  const std::vector<std::string> kinds = read_names(json, "pos_att_type");
  relative.content_to_position = has(kinds, "c2p");
  relative.position_to_content = has(kinds, "p2c");
  if (!json.boolean_or("relative_attention", false)) return relative;
  const Index greatest = json.integer_or("max_relative_positions", -1, -1, detail::most_width);
  relative.greatest_distance = greatest < 1 ? config.context_length : greatest;
  relative.buckets = std::max<Index>(0, json.integer_or("position_buckets", -1, -1, detail::most_width));
  if (relative.buckets == 1 || (relative.buckets > 0 && relative.greatest_distance - 1 <= relative.buckets / 2))
    json.fail("position_buckets", "2 to twice max_relative_positions");
  relative.span = relative.buckets > 0 ? relative.buckets : relative.greatest_distance;
  relative.shared_projections = json.boolean_or("share_att_key", false);
  relative.normed = has(read_names(json, "norm_rel_ebd"), "layer_norm");
  relative.epsilon = config.norm.epsilon;
  return relative;
}

HEADFORMER_COLD inline void read_layers(const JsonObject& json, EncoderConfig& config) {
  const DisentangledConfig relative = read_disentangled(json, config);
  const int summands = 1 + (relative.content_to_position ? 1 : 0) + (relative.position_to_content ? 1 : 0);
  const Index taps = json.integer_or("conv_kernel_size", 0, 0, 1023);
  if (taps > 0 && taps % 2 == 0) json.fail("conv_kernel_size", "an odd number");
  if (json.integer_or("conv_groups", 1) != 1) json.fail("conv_groups", "1");
  for (LayerConfig& layer : config.layers) {
    AttentionConfig& attention = layer.attention;
    attention.head_width = json.integer_or("attention_head_size", attention.head_width, 1, 4096);
    attention.scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(attention.head_width * summands)));
    attention.disentangled = relative;
    layer.convolution = {taps, detail::read_activation(json, "conv_act", "tanh")};
  }
}

HEADFORMER_COLD inline EncoderConfig config(const Checkpoint& checkpoint) {
  EncoderDefaults defaults;
  defaults.vocabulary = 128100;
  defaults.width = 1536;
  defaults.layers = defaults.heads = 24;
  defaults.hidden_width = 6144;
  defaults.epsilon = 1e-7;
  const JsonObject json = checkpoint.config();
  EncoderConfig config = read_encoder(json, "DeBERTa-v2", defaults);
  if (!json.boolean_or("position_biased_input", true)) config.learned_positions = 0;
  config.token_types = json.integer_or("type_vocab_size", 0, 0, detail::most_width);
  config.embedding_width = json.integer_or("embedding_size", config.width, 1, detail::most_width);
  config.projects_embeddings = config.embedding_width != config.width;
  config.projection_bias = false;
  config.counts_columns = true;
  read_layers(json, config);
  HeadsConfig& heads = config.heads;
  heads.pooler.width = 0;
  heads.classifier.activation = heads.choice.activation = detail::read_activation(json, "pooler_hidden_act", "gelu");
  if (json.boolean_or("legacy", true)) heads.masked_lm.width = heads.masked_lm.norm.width = config.embedding_width;
  return config;
}

HEADFORMER_COLD inline std::unique_ptr<Encoder> make(EncoderConfig config, const Weights& weights) {
  const bool convolved = config.layers.front().convolution.taps > 0;
  if (convolved) return make_encoder<ConvolvedDebertaV2>(std::move(config), weights);
  return make_encoder<DebertaV2>(std::move(config), weights);
}

inline constexpr EncoderClass classes[] = {
    {"DebertaV2Model", EncoderTask::base},
    {"DebertaV2ForMaskedLM", EncoderTask::masked_lm},
    {"DebertaV2ForSequenceClassification", EncoderTask::sequence_classification},
    {"DebertaV2ForMultipleChoice", EncoderTask::multiple_choice},
    {"DebertaV2ForTokenClassification", EncoderTask::token_classification},
    {"DebertaV2ForQuestionAnswering", EncoderTask::question_answering},
};
inline constexpr EncoderFamily family = {"DeBERTa-v2", "deberta-v2", "", classes, config, names, make};

}  // namespace deberta_v2
}  // namespace headformer
