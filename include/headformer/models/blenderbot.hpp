#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/bart.hpp"
#include "headformer/models/seq2seq/family.hpp"
#include "headformer/models/seq2seq/transformer_sequence_to_sequence.hpp"

namespace headformer {

/// Blenderbot (Roller et al. 2020, https://arxiv.org/abs/2004.13637): learned positions, norms before the sub-layers.
using Blenderbot = TransformerSequenceToSequence<SourceEncoder<LearnedPositions, PreNormSourceLayer, LayerNorm>,
                                                 CausalLm<LearnedPositions, PreNormTargetLayer, LayerNorm>>;

namespace blenderbot {

HEADFORMER_COLD inline Seq2SeqConfig config(const Checkpoint& checkpoint) {
  BartDefaults defaults;
  defaults.vocabulary = 8008;
  defaults.positions = 128;
  defaults.encoder_layers = 2;
  defaults.decoder_layers = 24;
  defaults.hidden_width = 10240;
  defaults.heads = 32;
  defaults.width = 2560;
  defaults.padding_id = 0;
  defaults.start_id = 1;
  return read_bart(checkpoint.config(), "Blenderbot", defaults);
}

inline constexpr Seq2SeqClass classes[] = {
    {"BlenderbotModel", Seq2SeqTask::base, DecoderInputs::required},
    {"BlenderbotForConditionalGeneration", Seq2SeqTask::generation, DecoderInputs::required},
};
inline constexpr Seq2SeqFamily family = {"Blenderbot", classes, config, bart_names, make_seq2seq<Blenderbot>};

}  // namespace blenderbot
}  // namespace headformer
