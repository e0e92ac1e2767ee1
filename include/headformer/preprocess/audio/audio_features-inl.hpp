#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <type_traits>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/formats/json_file.hpp"
#include "headformer/preprocess/audio/audio_features.hpp"

namespace headformer {

HEADFORMER_INLINE Tensor<float> WaveformFeatures::operator()(std::span<const float> samples) const {
  Tensor<float> result(Shape{static_cast<Index>(samples.size())});
  double sum = 0;
  for (const float x : samples) sum += x;
  const double mean = samples.empty() ? 0 : sum / static_cast<double>(samples.size());
  double squares = 0;
  for (const float x : samples) squares += (x - mean) * (x - mean);
  const double deviation = samples.empty() ? 1 : std::sqrt(squares / static_cast<double>(samples.size()) + 1e-7);
  for (std::size_t i = 0; i < samples.size(); ++i)
    result.data()[i] = normalises ? static_cast<float>((samples[i] - mean) / deviation) : samples[i];
  return result;
}

namespace detail {

HEADFORMER_COLD inline AudioFeatures::Kind read_audio_features(const JsonObject& json) {
  constexpr Index most = 768'000;  // Hz
  const std::string type = json.string("feature_extractor_type");
  const Index rate = json.integer_or("sampling_rate", 16000, 1, most);
  if (type == "Wav2Vec2FeatureExtractor") {
    json.integer_or("feature_size", 1, 1, 1);
    return WaveformFeatures{rate, json.boolean_or("do_normalize", true)};
  }
  if (type == "WhisperFeatureExtractor") {
    LogMelConfig config;
    config.sample_rate = rate;
    config.filters = json.integer_or("feature_size", config.filters, 1, 4096);
    config.hop = json.integer_or("hop_length", config.hop, 1, most);
    config.transform = json.integer_or("n_fft", config.transform, 2, most);
    config.chunk = json.integer_or("chunk_length", config.chunk, 1, 3600);
    json.number_or("dither", 0, 0, 0);  // noise, which no caller would get twice
    return LogMelFeatures(config);
  }
  if (type == "ASTFeatureExtractor") {
    FilterBankConfig config;
    config.sample_rate = rate;
    config.filters = json.integer_or("num_mel_bins", config.filters, 1, 4096);
    config.frames = json.integer_or("max_length", config.frames, 1, Index{1} << 24);
    config.normalises = json.boolean_or("do_normalize", true);
    config.mean = json.number_or("mean", config.mean);
    config.deviation = json.positive_or("std", config.deviation);
    return FilterBankFeatures(config);
  }
  json.fail("feature_extractor_type", "WhisperFeatureExtractor, Wav2Vec2FeatureExtractor or ASTFeatureExtractor");
}

}  // namespace detail

HEADFORMER_INLINE AudioFeatures AudioFeatures::from_files(const FileReader& files) {
  const JsonFile own(files, "preprocessor_config.json");
  if (own.found) return AudioFeatures(detail::read_audio_features(own.object()));
  const JsonFile processor(files, "processor_config.json");
  if (!processor.found)
    throw ConfigError(
        "preprocessor_config.json: expected the checkpoint to have it, or processor_config.json, found "
        "neither");
  return AudioFeatures(detail::read_audio_features(processor.object().object("feature_extractor")));
}

HEADFORMER_INLINE Index AudioFeatures::sample_rate() const {
  return std::visit(
      [](const auto& kind) {
        if constexpr (std::is_same_v<std::decay_t<decltype(kind)>, WaveformFeatures>) {
          return kind.sample_rate;
        } else {
          return kind.config().sample_rate;
        }
      },
      kind_);
}

HEADFORMER_INLINE std::string_view AudioFeatures::input_name() const {
  return std::holds_alternative<LogMelFeatures>(kind_) ? "input_features" : "input_values";
}

HEADFORMER_INLINE Tensor<float> AudioFeatures::operator()(std::span<const float> samples, Executor& executor) const {
  if (const auto* waveform = std::get_if<WaveformFeatures>(&kind_)) return (*waveform)(samples);
  if (const auto* bank = std::get_if<FilterBankFeatures>(&kind_)) return (*bank)(samples, executor);
  const auto& mel = std::get<LogMelFeatures>(kind_);
  return mel(samples, mel.config().chunk_samples(), executor);
}

}  // namespace headformer
