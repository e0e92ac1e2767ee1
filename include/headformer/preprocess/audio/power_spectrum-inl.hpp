#pragma once

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <unsupported/Eigen/FFT>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/preprocess/audio/power_spectrum.hpp"

namespace headformer {

HEADFORMER_INLINE PowerSpectrum::PowerSpectrum(const FramesConfig& config) : config_(config) {
  if (config.hop < 1 || config.length < 2 || config.transform < config.length)
    throw ArgumentError("frames: expected a hop of at least 1 and 2 <= length <= transform, found hop " +
                        std::to_string(config.hop) + ", length " + std::to_string(config.length) + ", transform " +
                        std::to_string(config.transform));
  constexpr double pi = 3.14159265358979323846;
  const auto period = static_cast<double>(config.periodic ? config.length : config.length - 1);
  for (Index i = 0; i < config.length; ++i)
    window_.push_back(0.5 - 0.5 * std::cos(2 * pi * static_cast<double>(i) / period));
}

HEADFORMER_INLINE Index PowerSpectrum::frames(Index samples) const {
  if (config_.centered) return samples > config_.transform / 2 ? samples / config_.hop + 1 : 0;
  return samples < config_.length ? 0 : (samples - config_.length) / config_.hop + 1;
}

HEADFORMER_INLINE void PowerSpectrum::operator()(std::span<const float> samples, Index count, Executor& executor,
                                                 FunctionRef<void(Index frame, const double* spectrum)> take) const {
  const auto length = static_cast<Index>(samples.size());
  const Index before = config_.centered ? config_.transform / 2 : 0;
  const auto sample = [&](Index i) {  // mirrored at both ends, the end itself once
    if (i < 0) i = -i;
    if (i >= length) i = 2 * (length - 1) - i;
    return static_cast<double>(samples[static_cast<std::size_t>(i)]);
  };
  parallel_for(executor, std::min(count, frames(length)), 16, [&](Index begin, Index end) {
    Eigen::FFT<double> transform;  // keeps its plans: one a worker
    transform.SetFlag(Eigen::FFT<double>::HalfSpectrum);
    std::vector<double> frame(static_cast<std::size_t>(config_.transform), 0.0);
    std::vector<std::complex<double>> spectrum(static_cast<std::size_t>(bins()));
    std::vector<double> powers(spectrum.size());
    for (Index f = begin; f < end; ++f) {
      const Index first = f * config_.hop - before + (config_.centered ? (config_.transform - config_.length) / 2 : 0);
      double mean = 0;
      for (Index i = 0; i < config_.length; ++i) mean += frame[static_cast<std::size_t>(i)] = sample(first + i);
      mean = config_.removes_mean ? mean / static_cast<double>(config_.length) : 0;
      double last = frame[0] - mean;
      for (Index i = 0; i < config_.length; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const double x = frame[at] - mean;
        frame[at] = (x - config_.preemphasis * last) * window_[at];
        last = x;
      }
      transform.fwd(spectrum.data(), frame.data(), static_cast<int>(config_.transform));
      for (std::size_t i = 0; i < powers.size(); ++i) powers[i] = std::norm(spectrum[i]);
      take(f, powers.data());
    }
  });
}

}  // namespace headformer
