#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/bart.hpp"
#include "headformer/models/seq2seq/family.hpp"
#include "headformer/models/seq2seq/transformer_sequence_to_sequence.hpp"

namespace headformer {

/// Blenderbot's small models: BART's layers; the decoder normalises its words, which it does not scale, before
/// positions are added.
using BlenderbotSmall =
    TransformerSequenceToSequence<SourceEncoder<PositionsThenNorm<LearnedPositions>, PostNormSourceLayer, NoNorm>,
                                  CausalLm<NormThenPositions<LearnedPositions>, PostNormTargetLayer, NoNorm>>;

namespace blenderbot_small {

HEADFORMER_COLD inline Seq2SeqConfig config(const Checkpoint& checkpoint) {
  BartDefaults defaults;
  defaults.positions = 512;
  defaults.encoder_layers = defaults.decoder_layers = 8;
  defaults.hidden_width = 2048;
  defaults.width = 512;
  defaults.padding_id = 0;
  defaults.start_id = 1;
  Seq2SeqConfig config = read_bart(checkpoint.config(), "BlenderbotSmall", defaults);
  config.decoder.embedding_scale = 1;
  return config;
}

inline constexpr Seq2SeqClass classes[] = {
    {"BlenderbotSmallModel", Seq2SeqTask::base, DecoderInputs::required},
    {"BlenderbotSmallForConditionalGeneration", Seq2SeqTask::generation, DecoderInputs::required},
};
inline constexpr Seq2SeqFamily family = {"BlenderbotSmall", classes, config, bart_names, make_seq2seq<BlenderbotSmall>};

}  // namespace blenderbot_small
}  // namespace headformer
