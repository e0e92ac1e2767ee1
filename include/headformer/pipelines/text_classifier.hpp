#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/pipelines/encoder_pipeline.hpp"
#include "headformer/pipelines/scores.hpp"

namespace headformer {

/// What a text is, all labels, the best first.
struct Classification {
  std::vector<LabelScore> labels;
  bool truncated = false;  ///< the text was longer than the model's maximum, and its end does not count
};

/// Texts or pairs of texts to labels, by an encoder with a head for sequence classification:
///
///     headformer::TextClassifier classifier("path/to/checkpoint");
///     std::cout << classifier.classify("What a fine day").labels.front().label << '\n';
///
/// Scores are what the checkpoint's problem_type says: a softmax over the labels; a sigmoid of each where they are
/// independent or there is but one; the numbers themselves for a regression. One call at a time.
class TextClassifier {
 public:
  /// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
  explicit TextClassifier(const std::filesystem::path& path, const PipelineOptions& options = {});

  const std::vector<std::string>& labels() const { return labels_; }
  ScoreFunction score_function() const { return function_; }

  /// In the texts' order; one that fails stops no other. Throws CancelledError.
  std::vector<Outcome<Classification>> classify(std::span<const TextPair> texts) const;
  /// Throws ArgumentError when the text fails.
  Classification classify(std::string_view text) const;

 private:
  EncoderPipeline pipeline_;
  std::vector<std::string> labels_;
  ScoreFunction function_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/text_classifier-inl.hpp"
#endif
