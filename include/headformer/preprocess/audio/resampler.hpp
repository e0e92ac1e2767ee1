#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/core/tensor.hpp"

namespace headformer {

/// Band-limited interpolation from one sample rate to another, with a sinc of six zero crossings a side under a Hann
/// window and a cut-off at 0.99 of the lower rate's half (Smith, https://ccrma.stanford.edu/~jos/resample/): what
/// torchaudio.functional.resample does without further arguments.
class Resampler {
 public:
  /// Rates in Hz. Throws ArgumentError unless both are 1 to 768000.
  HEADFORMER_COLD Resampler(Index from, Index to) {
    constexpr Index most = 768'000;
    for (const Index rate : {from, to})
      if (rate < 1 || rate > most)
        throw ArgumentError("sample rate: expected 1 to 768000, found " + std::to_string(rate));
    const Index divisor = std::gcd(from, to);
    from_ = from / divisor;
    to_ = to / divisor;
    if (from_ == to_) return;
    // In f32 step by step, as the reference's weights are made: with rates that share no divisor a weight's rounding is
    // far above that of the sums.
    const double cutoff = static_cast<double>(std::min(from_, to_)) * 0.99;
    constexpr float zeros = 6;
    constexpr float pi = 3.14159265358979323846F;
    const auto scale = static_cast<float>(cutoff / static_cast<double>(from_));
    width_ = static_cast<Index>(std::ceil(static_cast<double>(zeros) * static_cast<double>(from_) / cutoff));
    for (Index phase = 0; phase < to_; ++phase) {
      Taps taps;
      const float place = static_cast<float>(phase) / static_cast<float>(to_);
      for (Index tap = -width_; tap < width_ + from_; ++tap) {
        float t = static_cast<float>(tap) / static_cast<float>(from_) - place;
        t *= static_cast<float>(cutoff);
        if (std::abs(t) >= zeros) continue;
        if (taps.weights.empty()) taps.first = tap;
        const float window = std::cos(t * pi / zeros / 2);
        const float angle = t * pi;
        taps.weights.push_back((angle == 0 ? 1.0F : std::sin(angle) / angle) * (window * window * scale));
      }
      taps_.push_back(std::move(taps));
    }
  }

  /// Samples that come of so many.
  Index samples(Index count) const { return (count * to_ + from_ - 1) / from_; }

  std::vector<float> operator()(std::span<const float> samples) const {
    if (from_ == to_) return {samples.begin(), samples.end()};
    const auto length = static_cast<Index>(samples.size());
    std::vector<float> result(static_cast<std::size_t>(this->samples(length)));
    for (std::size_t i = 0; i < result.size(); ++i) {
      const auto out = static_cast<Index>(i);
      const Taps& taps = taps_[static_cast<std::size_t>(out % to_)];
      const Index first = out / to_ * from_ + taps.first;
      const Index begin = std::max<Index>(0, -first);
      const Index end = std::min(static_cast<Index>(taps.weights.size()), length - first);
      float sum = 0;
      for (Index tap = begin; tap < end; ++tap)
        sum += taps.weights[static_cast<std::size_t>(tap)] * samples[static_cast<std::size_t>(first + tap)];
      result[i] = sum;
    }
    return result;
  }

 private:
  struct Taps {
    Index first = 0;  // of the samples from the phase's period on
    std::vector<float> weights;
  };

  Index from_ = 1;
  Index to_ = 1;
  Index width_ = 0;
  std::vector<Taps> taps_;  // one a phase
};

/// One channel of several, their mean. Shapes: samples [frames, channels] -> [frames].
inline std::vector<float> mixed_down(std::span<const float> samples, Index channels) {
  if (channels < 1 || static_cast<Index>(samples.size()) % channels != 0)
    throw ArgumentError("channels: expected whole frames of at least one, found " + std::to_string(samples.size()) +
                        " samples of " + std::to_string(channels) + " channels");
  std::vector<float> result(samples.size() / static_cast<std::size_t>(channels));
  for (std::size_t i = 0; i < result.size(); ++i) {
    float sum = 0;
    for (Index c = 0; c < channels; ++c)
      sum += samples[i * static_cast<std::size_t>(channels) + static_cast<std::size_t>(c)];
    result[i] = sum / static_cast<float>(channels);
  }
  return result;
}

}  // namespace headformer
