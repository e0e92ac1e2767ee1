#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/bart.hpp"
#include "headformer/models/seq2seq/family.hpp"
#include "headformer/models/seq2seq/transformer_sequence_to_sequence.hpp"

namespace headformer {

/// mBART and mBART-50 (Liu et al. 2020, https://arxiv.org/abs/2001.08210): BART with norms before the sub-layers.
using MBart =
    TransformerSequenceToSequence<SourceEncoder<PositionsThenNorm<LearnedPositions>, PreNormSourceLayer, LayerNorm>,
                                  CausalLm<PositionsThenNorm<LearnedPositions>, PreNormTargetLayer, LayerNorm>>;

namespace mbart {

HEADFORMER_COLD inline Seq2SeqConfig config(const Checkpoint& checkpoint) {
  BartDefaults defaults;
  defaults.start_id = -1;
  Seq2SeqConfig config = read_bart(checkpoint.config(), "mBART", defaults);
  skip_two_positions(config);
  return config;
}

inline constexpr Seq2SeqClass classes[] = {
    {"MBartModel", Seq2SeqTask::base, DecoderInputs::last_in_front},
    {"MBartForConditionalGeneration", Seq2SeqTask::generation, DecoderInputs::last_in_front},
    {"MBartForSequenceClassification", Seq2SeqTask::sequence_classification, DecoderInputs::last_in_front},
    {"MBartForQuestionAnswering", Seq2SeqTask::question_answering, DecoderInputs::last_in_front},
};
inline constexpr Seq2SeqFamily family = {"mBART", classes, config, bart_names, make_seq2seq<MBart>};

}  // namespace mbart
}  // namespace headformer
