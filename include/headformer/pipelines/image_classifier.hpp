#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "headformer/pipelines/image_pipeline.hpp"
#include "headformer/pipelines/scores.hpp"

namespace headformer {

/// Pictures to labels, by an encoder of pictures with a head for classification:
///
///     headformer::ImageClassifier classifier("path/to/checkpoint");
///     std::cout << classifier.classify(picture).front().label << '\n';
///
/// Scores are what the checkpoint's problem_type says: a softmax over the labels; a sigmoid of each where they are
/// independent or there is but one; the numbers themselves for a regression. One call at a time.
class ImageClassifier {
 public:
  /// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
  explicit ImageClassifier(const std::filesystem::path& path, const PipelineOptions& options = {});

  const std::vector<std::string>& labels() const { return labels_; }
  ScoreFunction score_function() const { return function_; }

  /// Of each picture all labels, the best first; one that fails stops no other. Throws CancelledError.
  std::vector<Outcome<std::vector<LabelScore>>> classify(std::span<const Picture> pictures) const;
  /// Throws ArgumentError when the picture fails.
  std::vector<LabelScore> classify(const Picture& picture) const;

 private:
  ImagePipeline pipeline_;
  std::size_t logits_ = 0;  // the head that makes them
  std::vector<std::string> labels_;
  ScoreFunction function_ = ScoreFunction::softmax;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/image_classifier-inl.hpp"
#endif
