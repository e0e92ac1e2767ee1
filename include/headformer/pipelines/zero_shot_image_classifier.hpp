#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "headformer/pipelines/image_pipeline.hpp"
#include "headformer/pipelines/scores.hpp"
#include "headformer/preprocess/tokenizer.hpp"

namespace headformer {

/// Labels as a model of two towers sees them, made once for any number of pictures.
struct LabelVectors {
  std::vector<std::string> labels;
  Tensor<float> vectors;  ///< [labels, width], of length 1
};

/// Pictures to labels that the caller chooses in words, by a model of two towers (CLIP, SigLIP):
///
///     headformer::ZeroShotImageClassifier classifier("path/to/checkpoint");
///     const auto labels = classifier.embed_labels({{"cat", "dog"}});
///     std::cout << classifier.classify(pictures, labels)[0].value().front().label << '\n';
///
/// Scores are a softmax over the labels, or where the model was trained so (SigLIP) a sigmoid of each. One call at a
/// time.
class ZeroShotImageClassifier {
 public:
  /// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
  explicit ZeroShotImageClassifier(const std::filesystem::path& path, const PipelineOptions& options = {});

  /// A label goes in the place of {} of each template; of several the mean counts (Radford et al. 2021,
  /// https://arxiv.org/abs/2103.00020, 3.1.4). Throws ArgumentError without labels or templates, for a template
  /// without {}, for a label that is no UTF-8 or has more tokens than there are positions.
  LabelVectors embed_labels(std::span<const std::string> labels,
                            std::span<const std::string> templates = default_templates()) const;

  /// Of each picture all labels, the best first; one that fails stops no other. Throws ArgumentError for vectors of
  /// another width, CancelledError.
  std::vector<Outcome<std::vector<LabelScore>>> classify(std::span<const Picture> pictures,
                                                         const LabelVectors& labels) const;

  /// "This is a photo of {}."
  static std::span<const std::string> default_templates();

 private:
  Tensor<float> embed_texts(std::span<const std::string> texts) const;

  ImagePipeline pipeline_;
  Tokenizer tokenizer_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/zero_shot_image_classifier-inl.hpp"
#endif
