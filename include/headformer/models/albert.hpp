#pragma once

#include "headformer/blocks/shared_stack.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/models/bert.hpp"

namespace headformer {

/// ALBERT (Lan et al. 2020, https://arxiv.org/abs/1909.11942): BERT with a factored embedding and shared layers.
using Albert = TransformerEncoder<InputEmbeddings<NormThenProjection>,
                                  SharedStack<PostNormBlock<LayerNorm, SelfAttention<Bidirectional, NoRotary>, Mlp>>,
                                  NoNorm, HeadMaker<NoTransform, DenseTransform>>;

namespace albert {

inline constexpr NameRow rows[] = {
    {"embedding", "embeddings.word_embeddings", ""},
    {"positions", "embeddings.position_embeddings", ""},
    {"token_types", "embeddings.token_type_embeddings", ""},
    {"embedding_norm", "embeddings.LayerNorm", ""},
    {"embedding_projection", "encoder.embedding_hidden_mapping_in", ""},
    {"layers.#.#.attn.query", "encoder.albert_layer_groups.#.albert_layers.#.attention.query", ""},
    {"layers.#.#.attn.key", "encoder.albert_layer_groups.#.albert_layers.#.attention.key", ""},
    {"layers.#.#.attn.value", "encoder.albert_layer_groups.#.albert_layers.#.attention.value", ""},
    {"layers.#.#.attn.output", "encoder.albert_layer_groups.#.albert_layers.#.attention.dense", ""},
    {"layers.#.#.attn_norm", "encoder.albert_layer_groups.#.albert_layers.#.attention.LayerNorm", ""},
    {"layers.#.#.ff.up", "encoder.albert_layer_groups.#.albert_layers.#.ffn", ""},
    {"layers.#.#.ff.down", "encoder.albert_layer_groups.#.albert_layers.#.ffn_output", ""},
    {"layers.#.#.ff_norm", "encoder.albert_layer_groups.#.albert_layers.#.full_layer_layer_norm", ""},
    {"output", "predictions.decoder|predictions", ""},
    {"masked_lm.dense", "predictions.dense", ""},
    {"masked_lm.norm", "predictions.LayerNorm", ""},
    {"pooler.dense", "pooler", ""},
    {"next_sentence.dense", "pooler", ""},
    {"next_sentence.output", "sop_classifier.classifier", ""},
    {"classifier.dense", "pooler", ""},
    {"classifier.output", "classifier", ""},
    {"choice.dense", "pooler", ""},
    {"choice.output", "classifier", ""},
    {"tokens.output", "classifier", ""},
    {"answer.output", "qa_outputs", ""},
};
inline constexpr std::string_view ignored[] = {"position_ids", "pooler.", "predictions.", "classifier.", "qa_outputs."};
inline NameTable names() {
  NameTable table{rows, ignored};
  table.base = "albert";
  return table;
}

/// The layers in the order they are run: each of `num_hidden_layers` is a whole group.
HEADFORMER_COLD inline std::vector<LayerConfig> shared_layers(const JsonObject& json,
                                                              const std::vector<LayerConfig>& layers) {
  const auto count = static_cast<Index>(layers.size());
  const Index groups = json.integer_or("num_hidden_groups", 1, 1, count);
  const Index members = json.integer_or("inner_group_num", 1, 1, detail::most_layers / count);
  const double layers_a_group = static_cast<double>(layers.size()) / static_cast<double>(groups);
  std::vector<LayerConfig> result;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    for (Index member = 0; member < members; ++member) {
      result.push_back(layers[i]);
      result.back().sharing = {static_cast<Index>(static_cast<double>(i) / layers_a_group), member};
    }
  }
  return result;
}

HEADFORMER_COLD inline EncoderConfig config(const Checkpoint& checkpoint) {
  EncoderDefaults defaults;
  defaults.vocabulary = 30000;
  defaults.width = 4096;
  defaults.heads = 64;
  defaults.hidden_width = 16384;
  defaults.activation = "gelu_new";
  const JsonObject json = checkpoint.config();
  EncoderConfig config = read_encoder(json, "ALBERT", defaults);
  config.token_types = json.integer_or("type_vocab_size", 2, 0, detail::most_width);
  config.embedding_width = json.integer_or("embedding_size", 128, 1, detail::most_width);
  config.projects_embeddings = true;
  config.layers = shared_layers(json, config.layers);
  HeadsConfig& heads = config.heads;
  heads.masked_lm.width = heads.masked_lm.norm.width = config.embedding_width;
  heads.order_logits = "sop_logits";  // of the sentences' order
  heads.order_labels = heads.labels;
  return config;
}

inline constexpr EncoderClass classes[] = {
    {"AlbertModel", EncoderTask::base},
    {"AlbertForMaskedLM", EncoderTask::masked_lm},
    {"AlbertForPreTraining", EncoderTask::pre_training},
    {"AlbertForSequenceClassification", EncoderTask::sequence_classification},
    {"AlbertForMultipleChoice", EncoderTask::multiple_choice},
    {"AlbertForTokenClassification", EncoderTask::token_classification},
    {"AlbertForQuestionAnswering", EncoderTask::question_answering},
};
inline constexpr EncoderFamily family = {"ALBERT", "albert", "", classes, config, names, make_encoder<Albert>};

}  // namespace albert
}  // namespace headformer
