#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/pipelines/encoder_pipeline.hpp"

namespace headformer {

/// A question and the text that may hold its answer.
struct QuestionContext {
  std::string_view question;
  std::string_view context;
};

/// A stretch of the context.
struct ExtractedAnswer {
  std::string text;  ///< empty: there is none
  float score = 0;
  std::uint32_t begin = 0, end = 0;  ///< in the context, in characters
};

struct AnswerOptions {
  Index count = 1;             ///< answers, the best first
  Index longest = 15;          ///< tokens of an answer
  bool may_have_none = false;  ///< the empty answer competes with the others
  bool whole_words = true;     ///< an answer begins and ends with words
  Index max_length = 0;        ///< tokens of a part of a long context with its question; 0: 384, or what the model has
  Index stride = -1;           ///< tokens that neighbouring parts share; -1: 128, or half a part
};

/// Answers that stand in a text, by an encoder with a head for question answering: every part of a long context is
/// read. One call at a time.
class QuestionAnswerer {
 public:
  /// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
  explicit QuestionAnswerer(const std::filesystem::path& path, const PipelineOptions& options = {});

  /// At most options.count answers each, in the questions' order; one that fails (an empty question or context) stops
  /// no other. Throws ArgumentError for options that do not fit, CancelledError.
  std::vector<Outcome<std::vector<ExtractedAnswer>>> answer(std::span<const QuestionContext> questions,
                                                            const AnswerOptions& options = {}) const;

 private:
  EncoderPipeline pipeline_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/question_answerer-inl.hpp"
#endif
