#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/bert.hpp"

namespace headformer {

/// RoBERTa (Liu et al. 2019, https://arxiv.org/abs/1907.11692) and what was trained as it was: XLM-RoBERTa, CamemBERT.
/// BERT's layers; positions are counted over the ids that are no padding.
namespace roberta {

inline constexpr auto rows = with_rows({{"output", "lm_head.decoder|lm_head", ""},
                                        {"masked_lm.dense", "lm_head.dense", ""},
                                        {"masked_lm.norm", "lm_head.layer_norm", ""},
                                        {"classifier.dense", "classifier.dense", ""},
                                        {"classifier.output", "classifier.out_proj", ""}},
                                       bert_rows);
inline constexpr std::string_view ignored[] = {"position_ids", "pooler.", "lm_head.", "classifier.", "qa_outputs."};
inline NameTable names() {
  NameTable table{rows, ignored};
  table.base = "roberta";
  return table;
}

HEADFORMER_COLD inline EncoderConfig read(const Checkpoint& checkpoint, std::string family, Index vocabulary) {
  EncoderDefaults defaults;
  defaults.vocabulary = vocabulary;
  defaults.padding_id = 1;
  const JsonObject json = checkpoint.config();
  EncoderConfig config = read_encoder(json, std::move(family), defaults);
  read_bert_options(json, config);
  config.numbering = PositionNumbering::after_padding;
  config.heads.masked_lm.activation = kernels::Activation::gelu;  // whatever the layers have
  return config;
}

HEADFORMER_COLD inline EncoderConfig config(const Checkpoint& checkpoint) { return read(checkpoint, "RoBERTa", 50265); }
HEADFORMER_COLD inline EncoderConfig xlm_config(const Checkpoint& checkpoint) {
  return read(checkpoint, "XLM-RoBERTa", 30522);
}
HEADFORMER_COLD inline EncoderConfig camembert_config(const Checkpoint& checkpoint) {
  return read(checkpoint, "CamemBERT", 30522);
}

inline constexpr EncoderClass classes[] = {
    {"RobertaModel", EncoderTask::base},
    {"RobertaForMaskedLM", EncoderTask::masked_lm},
    {"RobertaForCausalLM", EncoderTask::masked_lm},
    {"RobertaForSequenceClassification", EncoderTask::sequence_classification},
    {"RobertaForMultipleChoice", EncoderTask::multiple_choice},
    {"RobertaForTokenClassification", EncoderTask::token_classification},
    {"RobertaForQuestionAnswering", EncoderTask::question_answering},
};
inline constexpr EncoderClass xlm_classes[] = {
    {"XLMRobertaModel", EncoderTask::base},
    {"XLMRobertaForMaskedLM", EncoderTask::masked_lm},
    {"XLMRobertaForCausalLM", EncoderTask::masked_lm},
    {"XLMRobertaForSequenceClassification", EncoderTask::sequence_classification},
    {"XLMRobertaForMultipleChoice", EncoderTask::multiple_choice},
    {"XLMRobertaForTokenClassification", EncoderTask::token_classification},
    {"XLMRobertaForQuestionAnswering", EncoderTask::question_answering},
};
inline constexpr EncoderClass camembert_classes[] = {
    {"CamembertModel", EncoderTask::base},
    {"CamembertForMaskedLM", EncoderTask::masked_lm},
    {"CamembertForCausalLM", EncoderTask::masked_lm},
    {"CamembertForSequenceClassification", EncoderTask::sequence_classification},
    {"CamembertForMultipleChoice", EncoderTask::multiple_choice},
    {"CamembertForTokenClassification", EncoderTask::token_classification},
    {"CamembertForQuestionAnswering", EncoderTask::question_answering},
};
inline constexpr EncoderFamily family = {"RoBERTa", "roberta", "", classes, config, names, bert::make};
inline constexpr EncoderFamily xlm_family = {"XLM-RoBERTa", "xlm-roberta", "",        xlm_classes,
                                             xlm_config,    names,         bert::make};
inline constexpr EncoderFamily camembert_family = {"CamemBERT",      "camembert", "",        camembert_classes,
                                                   camembert_config, names,       bert::make};

}  // namespace roberta
}  // namespace headformer
