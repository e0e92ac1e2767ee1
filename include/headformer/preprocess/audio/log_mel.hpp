#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/executor.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/preprocess/audio/mel_filters.hpp"
#include "headformer/preprocess/audio/power_spectrum.hpp"

namespace headformer {

/// What Whisper's features are made from.
struct LogMelConfig {
  Index filters = 80;
  Index sample_rate = 16000;
  Index hop = 160;        ///< samples
  Index transform = 400;  ///< samples
  Index chunk = 30;       ///< seconds that the model is given at once

  Index chunk_samples() const { return chunk * sample_rate; }
};

/// log10 of mel energies, no less than 8 below the greatest, a quarter of it plus 1 (Radford et al. 2022,
/// https://arxiv.org/abs/2212.04356).
class LogMelFeatures {
 public:
  /// Throws ArgumentError for sizes that are none.
  HEADFORMER_COLD explicit LogMelFeatures(const LogMelConfig& config)
      : config_(config),
        spectrum_({.length = config.transform, .hop = config.hop, .transform = config.transform}),
        filters_({.bins = spectrum_.bins(), .filters = config.filters, .sample_rate = config.sample_rate}) {}

  const LogMelConfig& config() const { return config_; }

  /// Of the samples, cut or followed by silence to `length` of them (0: as many as there are).
  /// Shapes: -> [filters, length / hop].
  Tensor<float> operator()(std::span<const float> samples, Index length, Executor& executor) const {
    std::vector<float> padded(samples.begin(), samples.end());
    if (length > 0) padded.resize(static_cast<std::size_t>(length), 0.0F);
    const Index frames = std::max<Index>(spectrum_.frames(static_cast<Index>(padded.size())) - 1, 0);
    Tensor<float> features(Shape{filters_.filters(), frames});
    spectrum_(padded, frames, executor, [&](Index frame, const double* spectrum) {
      for (Index filter = 0; filter < filters_.filters(); ++filter) {
        constexpr double least = 1e-10;
        features.view().row(filter)[frame] =
            static_cast<float>(std::log10(std::max(filters_.apply(filter, spectrum), least)));
      }
    });
    const std::span<float> values(features.data(), static_cast<std::size_t>(features.count()));
    float greatest = -std::numeric_limits<float>::infinity();
    for (const float value : values) greatest = std::max(greatest, value);
    for (float& value : values) value = (std::max(value, greatest - 8.0F) + 4.0F) / 4.0F;
    return features;
  }

 private:
  LogMelConfig config_;
  PowerSpectrum spectrum_;
  MelFilters filters_;
};

}  // namespace headformer
