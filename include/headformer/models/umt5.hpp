#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/t5.hpp"

namespace headformer {

/// UMT5 (Chung et al. 2023, https://arxiv.org/abs/2304.09151): T5 with a relative bias of its own in every layer.
namespace umt5 {

inline constexpr auto rows = with_rows(
    {{"encoder.layers.#.attn.relative_bias", "encoder.block.#.layer.0.SelfAttention.relative_attention_bias", ""},
     {"decoder.layers.#.attn.relative_bias", "decoder.block.#.layer.0.SelfAttention.relative_attention_bias", ""}},
    t5_rows);
inline NameTable names() {
  NameTable table = t5_names();
  table.rows = rows;
  return table;
}
inline NameTable encoder_names() {
  NameTable table = t5_encoder_names();
  table.rows = rows;
  return table;
}

HEADFORMER_COLD inline Seq2SeqConfig config(const Checkpoint& checkpoint) {
  Seq2SeqConfig config = read_t5(checkpoint.config(), "UMT5", t5::multilingual());
  scale_output(config);
  return config;
}
HEADFORMER_COLD inline EncoderConfig encoder_config(const Checkpoint& checkpoint) { return config(checkpoint).encoder; }

inline constexpr Seq2SeqClass classes[] = {
    {"UMT5Model", Seq2SeqTask::base, DecoderInputs::required},
    {"UMT5ForConditionalGeneration", Seq2SeqTask::generation, DecoderInputs::required},
    {"UMT5ForSequenceClassification", Seq2SeqTask::sequence_classification, DecoderInputs::shifted_right},
    {"UMT5ForQuestionAnswering", Seq2SeqTask::question_answering, DecoderInputs::shifted_right},
};
inline constexpr EncoderClass encoder_classes[] = {
    {"UMT5EncoderModel", EncoderTask::base},
    {"UMT5ForTokenClassification", EncoderTask::token_classification},
};
inline constexpr Seq2SeqFamily family = {"UMT5", classes, config, names, t5::make};
inline constexpr EncoderFamily encoder_family = {
    "UMT5", "", "", encoder_classes, encoder_config, encoder_names, t5::make_encoder_alone};

}  // namespace umt5
}  // namespace headformer
