#pragma once

#include <algorithm>
#include <cmath>
#include <span>

#include "headformer/core/cold.hpp"
#include "headformer/core/executor.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/preprocess/audio/mel_filters.hpp"
#include "headformer/preprocess/audio/power_spectrum.hpp"

namespace headformer {

/// What the Audio Spectrogram Transformer's features are made from.
struct FilterBankConfig {
  Index filters = 128;
  Index sample_rate = 16000;
  Index frames = 1024;  ///< those after are cut, missing ones are zeros
  bool normalises = true;
  double mean = -4.2677393;
  double deviation = 4.5689974;
};

/// Logarithms of mel energies as Kaldi makes them (frames of 25 ms with pre-emphasis and no mean), then (x - mean) / (2
/// deviation) (Gong et al. 2021, https://arxiv.org/abs/2104.01778).
class FilterBankFeatures {
 public:
  /// Throws ArgumentError for sizes that are none.
  HEADFORMER_COLD explicit FilterBankFeatures(const FilterBankConfig& config)
      : config_(config),
        spectrum_({.length = 400,
                   .hop = 160,
                   .transform = 512,
                   .centered = false,
                   .periodic = false,
                   .removes_mean = true,
                   .preemphasis = 0.97}),
        filters_({.bins = spectrum_.bins(),
                  .filters = config.filters,
                  .lowest = 20,
                  .highest = static_cast<double>(config.sample_rate / 2),
                  .sample_rate = config.sample_rate,
                  .scale = MelScale::kaldi,
                  .unit_area = false,
                  .straight_in_mels = true}) {}

  const FilterBankConfig& config() const { return config_; }

  /// Shapes: -> [frames, filters].
  Tensor<float> operator()(std::span<const float> samples, Executor& executor) const {
    Tensor<float> features(Shape{config_.frames, filters_.filters()});
    std::fill_n(features.data(), features.count(), 0.0F);
    spectrum_(samples, config_.frames, executor, [&](Index frame, const double* spectrum) {
      for (Index filter = 0; filter < filters_.filters(); ++filter) {
        constexpr double least = 1.192092955078125e-07;
        features.view().row(frame)[filter] =
            static_cast<float>(std::log(std::max(filters_.apply(filter, spectrum), least)));
      }
    });
    if (!config_.normalises) return features;
    for (Index i = 0; i < features.count(); ++i) {
      const double x = features.data()[i];
      features.data()[i] = static_cast<float>((x - config_.mean) / (2 * config_.deviation));
    }
    return features;
  }

 private:
  FilterBankConfig config_;
  PowerSpectrum spectrum_;
  MelFilters filters_;
};

}  // namespace headformer
