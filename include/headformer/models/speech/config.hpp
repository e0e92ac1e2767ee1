#pragma once

#include <optional>
#include <string>

#include "headformer/core/token_id.hpp"
#include "headformer/models/audio/config.hpp"
#include "headformer/models/causal_lm/config.hpp"

namespace headformer {

/// What a speech-to-text model is made from.
struct SpeechToTextConfig {
  std::string family;
  bool generates = true;  ///< a head over the vocabulary; otherwise the decoder's hidden states
  AudioEncoderConfig encoder;
  CausalLmConfig decoder;
  std::optional<TokenId> start_id;  ///< what the decoder's ids begin with
  std::optional<TokenId> end_id;
  Index alignment_filter = 7;  ///< frames that times of words are smoothed over
};

}  // namespace headformer
