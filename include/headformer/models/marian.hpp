#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/bart.hpp"
#include "headformer/models/seq2seq/family.hpp"
#include "headformer/models/seq2seq/transformer_sequence_to_sequence.hpp"

namespace headformer {

/// Marian (Junczys-Dowmunt et al. 2018, https://arxiv.org/abs/1804.00344), the OPUS-MT models: sinusoidal positions,
/// norms after the sums; the two sides may have vocabularies of their own.
using Marian = TransformerSequenceToSequence<SourceEncoder<SinusoidalPositions, PostNormSourceLayer, NoNorm>,
                                             CausalLm<SinusoidalPositions, PostNormTargetLayer, NoNorm>>;

namespace marian {

HEADFORMER_COLD inline Seq2SeqConfig config(const Checkpoint& checkpoint) {
  BartDefaults defaults;
  defaults.vocabulary = 58101;
  defaults.padding_id = defaults.start_id = 58100;
  defaults.end_id = 0;
  const JsonObject json = checkpoint.config();
  Seq2SeqConfig config = read_bart(json, "Marian", defaults);
  config.scales_given_embeddings = true;
  if (!json.boolean_or("share_encoder_decoder_embeddings", true)) {
    config.shares_embedding = false;
    config.decoder.vocabulary =
        json.integer_or("decoder_vocab_size", config.decoder.vocabulary, 1, std::numeric_limits<std::int32_t>::max());
  }
  return config;
}

inline constexpr Seq2SeqClass classes[] = {
    {"MarianModel", Seq2SeqTask::base, DecoderInputs::required},
    {"MarianMTModel", Seq2SeqTask::generation, DecoderInputs::required},
};
inline constexpr Seq2SeqFamily family = {"Marian", classes, config, bart_names, make_seq2seq<Marian>};

}  // namespace marian
}  // namespace headformer
