#pragma once

#include <optional>
#include <span>

#include "headformer/models/speech/speech_prompts.hpp"
#include "headformer/models/speech/speech_to_text.hpp"

namespace headformer {

/// Which of the languages that `prompts` knows a sound is in: the likeliest after the start alone.
inline TokenId find_language(const SpeechToText& model, Workspace& workspace, const Source& source,
                             const SpeechPrompts& prompts, TokenId start) {
  SequenceState state = model.new_sequence(source);
  SequenceInput input;
  input.state = &state;
  input.ids = std::span(&start, 1);
  Tensor<float> logits(Shape{1, model.decoder().config().vocabulary});
  model.decoder().forward(workspace, std::span(&input, 1), logits);
  std::optional<TokenId> best;
  for (const auto& [token, id] : prompts.languages) {
    detail::expect_below("lang_to_id", std::span(&id, 1), logits.size(1));
    if (!best || logits.data()[id] > logits.data()[*best]) best = id;
  }
  return best.value();
}

}  // namespace headformer
