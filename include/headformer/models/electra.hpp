#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/bert.hpp"

namespace headformer {

/// ELECTRA (Clark et al. 2020, https://arxiv.org/abs/2003.10555): BERT's layers over a factored embedding; the
/// discriminator finds the tokens that the generator, a masked LM, has replaced.
namespace electra {

inline constexpr auto rows = with_rows({{"embedding_projection", "embeddings_project", ""},
                                        {"output", "generator_lm_head", ""},
                                        {"masked_lm.dense", "generator_predictions.dense", ""},
                                        {"masked_lm.norm", "generator_predictions.LayerNorm", ""},
                                        {"discriminator.dense", "discriminator_predictions.dense", ""},
                                        {"discriminator.output", "discriminator_predictions.dense_prediction", ""},
                                        {"classifier.dense", "classifier.dense", ""},
                                        {"classifier.output", "classifier.out_proj", ""},
                                        {"choice.dense", "sequence_summary.summary", ""}},
                                       bert_rows);
inline constexpr std::string_view ignored[] = {"position_ids", "generator_",  "discriminator_",
                                               "classifier.",  "qa_outputs.", "sequence_summary."};
inline NameTable names() {
  NameTable table{rows, ignored};
  table.base = "electra";
  return table;
}

/// What multiple choice makes of a sequence: the reference's summary_type, summary_activation.
HEADFORMER_COLD inline TransformConfig read_summary(const JsonObject& json, Index width) {
  TransformConfig summary{width, kernels::Activation::gelu};
  if (json.mentions("summary_activation"))
    summary.activation = detail::read_activation(json, "summary_activation", "linear");
  if (!json.boolean_or("summary_use_proj", true)) json.fail("summary_use_proj", "true");
  const std::string type = json.string_or("summary_type", "first");
  if (type == "last" || type == "cls_index") {
    summary.pooling = Pooling::last;
  } else if (type == "mean") {
    summary.pooling = Pooling::mean;
  } else if (type != "first") {
    json.fail("summary_type", "first, last, mean or cls_index");
  }
  return summary;
}

HEADFORMER_COLD inline EncoderConfig config(const Checkpoint& checkpoint) {
  EncoderDefaults defaults;
  defaults.width = 256;
  defaults.heads = 4;
  defaults.hidden_width = 1024;
  const JsonObject json = checkpoint.config();
  EncoderConfig config = read_encoder(json, "ELECTRA", defaults);
  read_bert_options(json, config);
  config.embedding_width = json.integer_or("embedding_size", 128, 1, detail::most_width);
  config.projects_embeddings = config.embedding_width != config.width;
  HeadsConfig& heads = config.heads;
  heads.pooler.width = 0;
  heads.discriminator = {config.width, heads.masked_lm.activation};
  heads.masked_lm = {
      config.embedding_width, kernels::Activation::gelu, true, {config.embedding_width, config.norm.epsilon}};
  heads.classifier.activation = kernels::Activation::gelu;
  heads.choice = read_summary(json, config.width);
  return config;
}

inline constexpr EncoderClass classes[] = {
    {"ElectraModel", EncoderTask::base},
    {"ElectraForMaskedLM", EncoderTask::masked_lm},
    {"ElectraForCausalLM", EncoderTask::masked_lm},
    {"ElectraForPreTraining", EncoderTask::replaced_token_detection},
    {"ElectraForSequenceClassification", EncoderTask::sequence_classification},
    {"ElectraForMultipleChoice", EncoderTask::multiple_choice},
    {"ElectraForTokenClassification", EncoderTask::token_classification},
    {"ElectraForQuestionAnswering", EncoderTask::question_answering},
};
inline constexpr EncoderFamily family = {"ELECTRA", "electra", "", classes, config, names, bert::make};

}  // namespace electra
}  // namespace headformer
