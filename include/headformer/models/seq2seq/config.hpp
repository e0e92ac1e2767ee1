#pragma once

#include <optional>
#include <string>

#include "headformer/core/token_id.hpp"
#include "headformer/models/causal_lm/config.hpp"
#include "headformer/models/encoders/config.hpp"

namespace headformer {

/// What a class puts on top of the decoder.
enum class Seq2SeqTask {
  base,        ///< the hidden states themselves
  generation,  ///< a head over the vocabulary
  sequence_classification,
  question_answering
};

/// The task of the heads that a class puts on its decoder; a head over the vocabulary is the decoder's own.
constexpr EncoderTask head_task(Seq2SeqTask task) {
  return task == Seq2SeqTask::sequence_classification ? EncoderTask::sequence_classification
         : task == Seq2SeqTask::question_answering    ? EncoderTask::question_answering
                                                      : EncoderTask::base;
}

/// What the decoder is given where the caller gives it nothing.
enum class DecoderInputs {
  required,       ///< there is nothing in their place
  shifted_right,  ///< the source's ids after the start id (BART)
  last_in_front   ///< the source's ids after the last of them that is no padding, its language (mBART)
};

/// What an encoder-decoder is made from.
struct Seq2SeqConfig {
  std::string family;
  Seq2SeqTask task = Seq2SeqTask::base;
  EncoderConfig encoder;  ///< its heads: those of the whole
  CausalLmConfig decoder;
  bool shares_embedding = true;          ///< one table of words for both sides
  bool scales_given_embeddings = false;  ///< decoder_inputs_embeds too are multiplied by the decoder's embedding scale
  bool decoder_counts_columns = false;   ///< as the encoder's
  DecoderInputs decoder_inputs = DecoderInputs::required;
  TokenId padding_id = 0;
  std::optional<TokenId> start_id;       ///< what the decoder's ids begin with
  std::optional<TokenId> end_id;         ///< whose last place in the source a classifier looks at
  std::optional<TokenId> forced_end_id;  ///< what the decoder's ids end with when their length runs out
};

}  // namespace headformer
