#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/bart.hpp"
#include "headformer/models/seq2seq/family.hpp"
#include "headformer/models/seq2seq/transformer_sequence_to_sequence.hpp"

namespace headformer {

/// M2M-100 (Fan et al. 2020, https://arxiv.org/abs/2010.11125) and NLLB (https://arxiv.org/abs/2207.04672): sinusoidal
/// positions counted over the ids that are no padding, norms before the sub-layers.
using M2M100 = TransformerSequenceToSequence<SourceEncoder<UnboundedSinusoids, PreNormSourceLayer, LayerNorm>,
                                             CausalLm<UnboundedSinusoids, PreNormTargetLayer, LayerNorm>>;

namespace m2m_100 {

HEADFORMER_COLD inline Seq2SeqConfig config(const Checkpoint& checkpoint) {
  BartDefaults defaults;
  defaults.vocabulary = 128112;
  defaults.activation = "relu";
  defaults.scales_embedding = true;
  defaults.forces_end = false;
  Seq2SeqConfig config = read_bart(checkpoint.config(), "M2M-100", defaults);
  config.encoder.learned_positions = config.decoder.learned_positions = 0;
  config.encoder.numbering = PositionNumbering::after_padding;
  config.decoder.numbering = {PositionNumbering::after_padding, config.padding_id};
  return config;
}

inline constexpr Seq2SeqClass classes[] = {
    {"M2M100Model", Seq2SeqTask::base, DecoderInputs::required},
    {"M2M100ForConditionalGeneration", Seq2SeqTask::generation, DecoderInputs::required},
};
inline constexpr Seq2SeqFamily family = {"M2M-100", classes, config, bart_names, make_seq2seq<M2M100>};

}  // namespace m2m_100
}  // namespace headformer
