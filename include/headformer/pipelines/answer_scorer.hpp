#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/pipelines/encoder_pipeline.hpp"
#include "headformer/preprocess/chat_template.hpp"

namespace headformer {

/// Several answers to one prompt.
struct AnswersToScore {
  std::vector<ChatMessage> prompt;  ///< a conversation, whose next turn each answer is; a text is one turn of the user
  std::vector<std::string> answers;
};

/// An answer's place in the caller's list and its reward.
struct ScoredAnswer {
  std::size_t index = 0;
  float score = 0;
  bool truncated = false;  ///< prompt and answer together were longer than the model's maximum
};

/// How good answers are, by a reward model: a class for sequence classification with one label, over a decoder or an
/// encoder, whose logit is the score as it is.
///
///     headformer::AnswerScorer scorer("path/to/checkpoint");
///     std::cout << answers[scorer.rank("What is 2 + 2?", answers).front().index] << '\n';   // the best of n
///
/// A checkpoint with a chat template is given the whole conversation, the answer as the assistant's last turn, as the
/// cards of reward models over chat models have it; one without is given prompt and answer as a pair of texts, as those
/// over encoders have it. One call at a time.
class AnswerScorer {
 public:
  /// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
  explicit AnswerScorer(const std::filesystem::path& path, const PipelineOptions& options = {});

  /// Whether prompts may be conversations of several turns.
  bool has_chat_template() const { return chat_template_.has_value(); }

  /// A score for each answer, in their order. An item fails when its prompt does not fit the checkpoint (several turns
  /// without a template, a conversation that the template refuses) or a text is none; it stops no other. Throws
  /// CancelledError.
  std::vector<Outcome<std::vector<ScoredAnswer>>> score(std::span<const AnswersToScore> items) const;
  /// All answers to a prompt, the best first. Throws ArgumentError when one of them fails.
  std::vector<ScoredAnswer> rank(std::string_view prompt, std::span<const std::string_view> answers) const;
  std::vector<ScoredAnswer> rank(const AnswersToScore& item) const;

 private:
  std::vector<Outcome<Encoding>> tokens(const AnswersToScore& item) const;

  EncoderPipeline pipeline_;
  std::optional<ChatTemplate> chat_template_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/answer_scorer-inl.hpp"
#endif
