#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "headformer/core/outcome.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/pipelines/options.hpp"
#include "headformer/pipelines/scores.hpp"

namespace headformer {

/// Recordings to labels, by an encoder of sound or of spectrograms with a head for classification (wav2vec 2.0, HuBERT,
/// WavLM, Whisper, AST):
///
///     headformer::AudioClassifier classifier("path/to/checkpoint");
///     std::cout << classifier.classify(samples).front().label << '\n';
///
/// Scores are a softmax over the labels, as the reference's pipeline has it. One call at a time; copies share the
/// model.
class AudioClassifier {
 public:
  /// Throws IoError, FormatError, ConfigError for another class of model, WeightError, CancelledError.
  explicit AudioClassifier(const std::filesystem::path& path, const PipelineOptions& options = {});

  const std::vector<std::string>& labels() const;
  /// Of the recordings, Hz; see Resampler.
  Index sample_rate() const;

  /// One channel's samples each, -1 to 1, at sample_rate() -> all labels, the best first. In the recordings' order; one
  /// that fails stops no other. Throws CancelledError.
  std::vector<Outcome<std::vector<LabelScore>>> classify(std::span<const std::span<const float>> recordings) const;
  /// Throws ArgumentError when the recording fails.
  std::vector<LabelScore> classify(std::span<const float> samples) const;

 private:
  struct Parts;
  std::shared_ptr<const Parts> parts_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/audio_classifier-inl.hpp"
#endif
