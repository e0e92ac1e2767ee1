#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/bart.hpp"
#include "headformer/models/seq2seq/family.hpp"
#include "headformer/models/seq2seq/transformer_sequence_to_sequence.hpp"

namespace headformer {

/// BART (Lewis et al. 2019, https://arxiv.org/abs/1910.13461): learned positions, a norm of the embeddings, norms after
/// the sums.
using Bart =
    TransformerSequenceToSequence<SourceEncoder<PositionsThenNorm<LearnedPositions>, PostNormSourceLayer, NoNorm>,
                                  CausalLm<PositionsThenNorm<LearnedPositions>, PostNormTargetLayer, NoNorm>>;

namespace bart {

HEADFORMER_COLD inline Seq2SeqConfig config(const Checkpoint& checkpoint) {
  BartDefaults defaults;
  defaults.labels = 3;
  Seq2SeqConfig config = read_bart(checkpoint.config(), "BART", defaults);
  skip_two_positions(config);
  return config;
}

inline constexpr Seq2SeqClass classes[] = {
    {"BartModel", Seq2SeqTask::base, DecoderInputs::shifted_right},
    {"BartForConditionalGeneration", Seq2SeqTask::generation, DecoderInputs::shifted_right},
    {"BartForSequenceClassification", Seq2SeqTask::sequence_classification, DecoderInputs::shifted_right},
    {"BartForQuestionAnswering", Seq2SeqTask::question_answering, DecoderInputs::shifted_right},
};
inline constexpr Seq2SeqFamily family = {"BART", classes, config, bart_names, make_seq2seq<Bart>};

}  // namespace bart
}  // namespace headformer
