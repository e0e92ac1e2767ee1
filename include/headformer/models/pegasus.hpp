#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/bart.hpp"
#include "headformer/models/seq2seq/family.hpp"
#include "headformer/models/seq2seq/transformer_sequence_to_sequence.hpp"

namespace headformer {

/// PEGASUS (Zhang et al. 2019, https://arxiv.org/abs/1912.08777): sinusoidal positions, norms before the sub-layers.
using Pegasus = TransformerSequenceToSequence<SourceEncoder<SinusoidalPositions, PreNormSourceLayer, LayerNorm>,
                                              CausalLm<SinusoidalPositions, PreNormTargetLayer, LayerNorm>>;

namespace pegasus {

HEADFORMER_COLD inline Seq2SeqConfig config(const Checkpoint& checkpoint) {
  BartDefaults defaults;
  defaults.padding_id = defaults.start_id = 0;
  defaults.end_id = 1;
  Seq2SeqConfig config = read_bart(checkpoint.config(), "PEGASUS", defaults);
  config.scales_given_embeddings = true;
  return config;
}

inline constexpr Seq2SeqClass classes[] = {
    {"PegasusModel", Seq2SeqTask::base, DecoderInputs::required},
    {"PegasusForConditionalGeneration", Seq2SeqTask::generation, DecoderInputs::required},
};
inline constexpr Seq2SeqFamily family = {"PEGASUS", classes, config, bart_names, make_seq2seq<Pegasus>};

}  // namespace pegasus
}  // namespace headformer
