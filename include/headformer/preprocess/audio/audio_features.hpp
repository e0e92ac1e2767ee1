#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include "headformer/core/executor.hpp"
#include "headformer/core/mapped_file.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/preprocess/audio/filter_bank.hpp"
#include "headformer/preprocess/audio/log_mel.hpp"

namespace headformer {

/// The waveform itself, with a mean of 0 and a variance of 1 where the model wants that (wav2vec 2.0, Moonshine).
struct WaveformFeatures {
  Index sample_rate = 16000;
  bool normalises = true;

  /// Shapes: -> [samples].
  Tensor<float> operator()(std::span<const float> samples) const;
};

/// What a model of sound is given of a recording, by the reference's feature extractor that the checkpoint names.
class AudioFeatures {
 public:
  /// Of a folder's preprocessor_config.json (or what processor_config.json says in its place). Throws ConfigError for a
  /// feature extractor that is none of WhisperFeatureExtractor, Wav2Vec2FeatureExtractor and ASTFeatureExtractor.
  static AudioFeatures from_files(const FileReader& files);

  /// Of the recordings, Hz; see Resampler.
  Index sample_rate() const;
  /// The model's name for them: input_features or input_values.
  std::string_view input_name() const;

  /// One channel's samples, -1 to 1, at sample_rate(); Whisper's are cut or followed by silence to the chunk it takes.
  /// Shapes: -> input_features [filters, frames]; input_values [samples], or [frames, filters] of the Audio Spectrogram
  /// Transformer.
  Tensor<float> operator()(std::span<const float> samples, Executor& executor) const;

  using Kind = std::variant<WaveformFeatures, LogMelFeatures, FilterBankFeatures>;
  const Kind& kind() const { return kind_; }

 private:
  explicit AudioFeatures(Kind kind) : kind_(std::move(kind)) {}

  Kind kind_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/preprocess/audio/audio_features-inl.hpp"
#endif
