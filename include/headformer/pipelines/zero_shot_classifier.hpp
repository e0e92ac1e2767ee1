#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/pipelines/text_classifier.hpp"

namespace headformer {

struct ZeroShotOptions {
  std::string hypothesis = "This example is {}.";  ///< a label goes in the place of {}
  bool multi_label = false;                        ///< labels are independent: scores do not add up to 1
};

/// Texts to labels that the caller chooses, by a model of entailment (Yin et al. 2019,
/// https://arxiv.org/abs/1909.00161): does the text entail "This example is <label>."? One call at a time.
class ZeroShotClassifier {
 public:
  /// Throws IoError, FormatError, ConfigError (also when none of its labels begins with "entail"), WeightError,
  /// CancelledError.
  explicit ZeroShotClassifier(const std::filesystem::path& path, const PipelineOptions& options = {});

  /// In the texts' order, all labels, the best first; a text that fails stops no other. Long texts are cut, hypotheses
  /// are not. Throws ArgumentError without labels or where the hypothesis has no {}, CancelledError.
  std::vector<Outcome<Classification>> classify(std::span<const std::string_view> texts,
                                                std::span<const std::string> labels,
                                                const ZeroShotOptions& options = {}) const;

 private:
  EncoderPipeline pipeline_;
  std::size_t entailment_ = 0;
  std::size_t contradiction_ = 0;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/zero_shot_classifier-inl.hpp"
#endif
