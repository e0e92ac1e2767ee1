#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/encoders/family.hpp"
#include "headformer/models/encoders/transformer_encoder.hpp"
#include "headformer/models/readers/encoder.hpp"

namespace headformer {

/// The layers of BERT and its heirs, by what a token sees.
template <class Mask>
using BertOf = TransformerEncoder<InputEmbeddings<NormThenProjection>,
                                  Stack<PostNormBlock<LayerNorm, SelfAttention<Mask, NoRotary>, Mlp>>, NoNorm,
                                  HeadMaker<NoTransform, DenseTransform>>;

/// BERT (Devlin et al. 2019, https://arxiv.org/abs/1810.04805).
using Bert = BertOf<Bidirectional>;

namespace bert {

inline NameTable names() {
  NameTable table{bert_rows, bert_ignored};
  table.base = "bert";
  return table;
}

HEADFORMER_COLD inline EncoderConfig config(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) {
    EncoderConfig config = read_encoder(checkpoint, "bert", "BERT");
    for (LayerConfig& layer : config.layers) layer.feed_forward.activation = kernels::Activation::gelu;
    return config;
  }
  const JsonObject json = checkpoint.config();
  EncoderConfig config = read_encoder(json, "BERT");
  read_bert_options(json, config);
  return config;
}

/// Bidirectional, or what the reference's is_decoder makes of it.
HEADFORMER_COLD inline std::unique_ptr<Encoder> make(EncoderConfig config, const Weights& weights) {
  if (config.looks_back) return make_encoder<BertOf<CausalInPass>>(std::move(config), weights);
  return make_encoder<Bert>(std::move(config), weights);
}

inline constexpr EncoderClass classes[] = {
    {"BertModel", EncoderTask::base},
    {"BertForMaskedLM", EncoderTask::masked_lm},
    {"BertLMHeadModel", EncoderTask::masked_lm},
    {"BertForPreTraining", EncoderTask::pre_training},
    {"BertForNextSentencePrediction", EncoderTask::next_sentence},
    {"BertForSequenceClassification", EncoderTask::sequence_classification},
    {"BertForMultipleChoice", EncoderTask::multiple_choice},
    {"BertForTokenClassification", EncoderTask::token_classification},
    {"BertForQuestionAnswering", EncoderTask::question_answering},
};
inline constexpr EncoderFamily family = {"BERT", "bert", "bert", classes, config, names, make};

}  // namespace bert
}  // namespace headformer
