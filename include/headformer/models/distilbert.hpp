#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/bert.hpp"

namespace headformer {

/// DistilBERT (Sanh et al. 2019, https://arxiv.org/abs/1910.01108): BERT's layers under names of their own, without
/// token types and pooler.
namespace distilbert {

inline constexpr NameRow rows[] = {
    {"embedding", "embeddings.word_embeddings", ""},
    {"positions", "embeddings.position_embeddings", ""},
    {"embedding_norm", "embeddings.LayerNorm", ""},
    {"layers.#.attn.query", "transformer.layer.#.attention.q_lin", ""},
    {"layers.#.attn.key", "transformer.layer.#.attention.k_lin", ""},
    {"layers.#.attn.value", "transformer.layer.#.attention.v_lin", ""},
    {"layers.#.attn.output", "transformer.layer.#.attention.out_lin", ""},
    {"layers.#.attn_norm", "transformer.layer.#.sa_layer_norm", ""},
    {"layers.#.ff.up", "transformer.layer.#.ffn.lin1", ""},
    {"layers.#.ff.down", "transformer.layer.#.ffn.lin2", ""},
    {"layers.#.ff_norm", "transformer.layer.#.output_layer_norm", ""},
    {"output", "vocab_projector", ""},
    {"masked_lm.dense", "vocab_transform", ""},
    {"masked_lm.norm", "vocab_layer_norm", ""},
    {"classifier.dense", "pre_classifier", ""},
    {"classifier.output", "classifier", ""},
    {"choice.dense", "pre_classifier", ""},
    {"choice.output", "classifier", ""},
    {"tokens.output", "classifier", ""},
    {"answer.output", "qa_outputs", ""},
};
inline constexpr std::string_view ignored[] = {"position_ids", "vocab_", "classifier.", "qa_outputs."};
inline NameTable names() {
  NameTable table{rows, ignored};
  table.base = "distilbert";
  return table;
}

HEADFORMER_COLD inline EncoderConfig config(const Checkpoint& checkpoint) {
  EncoderDefaults defaults;
  defaults.width_key = "dim";
  defaults.layers_key = "n_layers";
  defaults.heads_key = "n_heads";
  defaults.hidden_width_key = "hidden_dim";
  defaults.activation_key = "activation";
  defaults.epsilon_key = nullptr;
  defaults.layers = 6;
  EncoderConfig config = read_encoder(checkpoint.config(), "DistilBERT", defaults);
  config.heads.pooler.width = 0;
  config.heads.classifier.activation = config.heads.choice.activation = kernels::Activation::relu;
  return config;
}

inline constexpr EncoderClass classes[] = {
    {"DistilBertModel", EncoderTask::base},
    {"DistilBertForMaskedLM", EncoderTask::masked_lm},
    {"DistilBertForSequenceClassification", EncoderTask::sequence_classification},
    {"DistilBertForMultipleChoice", EncoderTask::multiple_choice},
    {"DistilBertForTokenClassification", EncoderTask::token_classification},
    {"DistilBertForQuestionAnswering", EncoderTask::question_answering},
};
inline constexpr EncoderFamily family = {"DistilBERT", "distilbert", "", classes, config, names, make_encoder<Bert>};

}  // namespace distilbert
}  // namespace headformer
