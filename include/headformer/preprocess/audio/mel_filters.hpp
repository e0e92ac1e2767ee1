#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/core/tensor.hpp"

namespace headformer {

/// How pitch is measured: mels of a frequency in hertz. Slaney's (1998) is linear below 1000 Hz and logarithmic above;
/// HTK's is 2595 log10(1 + f / 700), Kaldi's the same curve with 1127 ln.
enum class MelScale { slaney, htk, kaldi };

/// Triangles over a spectrum's bins, evenly spaced on a mel scale.
struct MelFiltersConfig {
  Index bins = 201;  ///< of the spectrum, from 0 Hz to half the sample rate
  Index filters = 80;
  double lowest = 0;      ///< Hz
  double highest = 8000;  ///< Hz
  Index sample_rate = 16000;
  MelScale scale = MelScale::slaney;
  bool unit_area = true;          ///< each triangle is divided by its width (Slaney's), instead of a height of 1
  bool straight_in_mels = false;  ///< triangles are straight over mels, not over hertz (Kaldi's)
};

namespace detail {

HEADFORMER_COLD inline double hertz_to_mel(MelScale scale, double hertz) {
  if (scale == MelScale::htk) return 2595.0 * std::log10(1.0 + hertz / 700.0);
  if (scale == MelScale::kaldi) return 1127.0 * std::log(1.0 + hertz / 700.0);
  return hertz < 1000.0 ? 3.0 * hertz / 200.0 : 15.0 + std::log(hertz / 1000.0) * 27.0 / std::log(6.4);
}

HEADFORMER_COLD inline double mel_to_hertz(MelScale scale, double mels) {
  if (scale == MelScale::htk) return 700.0 * (std::pow(10.0, mels / 2595.0) - 1.0);
  if (scale == MelScale::kaldi) return 700.0 * (std::exp(mels / 1127.0) - 1.0);
  return mels < 15.0 ? 200.0 * mels / 3.0 : 1000.0 * std::exp(std::log(6.4) / 27.0 * (mels - 15.0));
}

}  // namespace detail

/// A bank of mel filters, each as the bins that it does not ignore.
class MelFilters {
 public:
  /// Throws ArgumentError unless there are two bins and a filter, and 0 <= lowest <= highest.
  HEADFORMER_COLD explicit MelFilters(const MelFiltersConfig& config) {
    if (config.bins < 2 || config.filters < 1 || config.lowest < 0 || config.lowest > config.highest)
      throw ArgumentError("mel filters: expected at least two bins, a filter and 0 <= lowest <= highest");
    const double from = detail::hertz_to_mel(config.scale, config.lowest);
    const double to = detail::hertz_to_mel(config.scale, config.highest);
    std::vector<double> corners;  // in hertz or mels, whichever the triangles are straight over
    std::vector<double> hertz;
    for (Index i = 0; i < config.filters + 2; ++i) {
      const double mels = from + (to - from) * static_cast<double>(i) / static_cast<double>(config.filters + 1);
      hertz.push_back(detail::mel_to_hertz(config.scale, mels));
      corners.push_back(config.straight_in_mels ? mels : hertz.back());
    }
    for (std::size_t filter = 0; filter + 2 < corners.size(); ++filter) {
      Triangle triangle;
      for (Index bin = 0; bin < config.bins; ++bin) {
        const double at = static_cast<double>(bin) * half_rate(config) / static_cast<double>(config.bins - 1);
        const double x = config.straight_in_mels ? detail::hertz_to_mel(config.scale, at) : at;
        const double rising = (x - corners[filter]) / (corners[filter + 1] - corners[filter]);
        const double falling = (corners[filter + 2] - x) / (corners[filter + 2] - corners[filter + 1]);
        double weight = std::max(0.0, std::min(rising, falling));
        if (config.unit_area) weight *= 2.0 / (hertz[filter + 2] - hertz[filter]);
        if (weight > 0 && triangle.weights.empty()) triangle.first = bin;
        if (weight > 0) triangle.weights.resize(static_cast<std::size_t>(bin - triangle.first + 1), 0.0);
        if (weight > 0) triangle.weights.back() = weight;
      }
      triangles_.push_back(std::move(triangle));
    }
  }

  Index filters() const { return static_cast<Index>(triangles_.size()); }

  /// One filter's sum over a spectrum. Shapes: spectrum [bins].
  double apply(Index filter, const double* spectrum) const {
    const Triangle& triangle = triangles_[static_cast<std::size_t>(filter)];
    double sum = 0;
    for (std::size_t i = 0; i < triangle.weights.size(); ++i)
      sum += triangle.weights[i] * spectrum[static_cast<std::size_t>(triangle.first) + i];
    return sum;
  }

 private:
  struct Triangle {
    Index first = 0;
    std::vector<double> weights;
  };
  /// Of the last bin, in hertz: half the sample rate, a whole number where the triangles are straight over hertz.
  static double half_rate(const MelFiltersConfig& config) {
    return config.straight_in_mels ? static_cast<double>(config.sample_rate) / 2
                                   : static_cast<double>(config.sample_rate / 2);
  }

  std::vector<Triangle> triangles_;
};

}  // namespace headformer
