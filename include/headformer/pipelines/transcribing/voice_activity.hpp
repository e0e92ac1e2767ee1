#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "headformer/core/tensor.hpp"

namespace headformer {

/// How silence is told from sound by its energy.
struct VoiceActivityConfig {
  double frame_seconds = 0.03;
  double below_loudest = 35;    ///< dB under the loudest frame is silence
  double floor = -60;           ///< so is what is below this, dB of full scale
  double margin_seconds = 0.2;  ///< kept around sound
  double least_silence = 0.5;   ///< seconds; a shorter one is left in
};

/// The parts of a recording with sound, [first, last) samples, in order and apart from each other; none of a silent
/// one.
inline std::vector<std::pair<Index, Index>> find_sound(std::span<const float> samples, Index sample_rate,
                                                       const VoiceActivityConfig& config = {}) {
  const auto samples_of = [&](double seconds) {
    return std::max<Index>(1, std::llround(seconds * static_cast<double>(sample_rate)));
  };
  const auto all = static_cast<Index>(samples.size());
  const Index frame = samples_of(config.frame_seconds);
  std::vector<double> energies;
  for (Index first = 0; first < all; first += frame) {
    const auto part =
        samples.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(std::min(frame, all - first)));
    double sum = 0;
    for (const float x : part) sum += static_cast<double>(x) * static_cast<double>(x);
    energies.push_back(sum / static_cast<double>(part.size()));
  }
  if (energies.empty()) return {};
  const double loudest = *std::max_element(energies.begin(), energies.end());
  const double threshold =
      std::max(loudest * std::pow(10, -config.below_loudest / 10), std::pow(10, config.floor / 10));
  const Index margin = samples_of(config.margin_seconds);
  std::vector<std::pair<Index, Index>> parts;
  for (std::size_t i = 0; i < energies.size(); ++i) {
    if (!(energies[i] > threshold)) continue;
    const Index first = std::max<Index>(0, static_cast<Index>(i) * frame - margin);
    const Index last = std::min(all, (static_cast<Index>(i) + 1) * frame + margin);
    if (!parts.empty() && first - parts.back().second < samples_of(config.least_silence)) {
      parts.back().second = last;
    } else {
      parts.emplace_back(first, last);
    }
  }
  return parts;
}

/// The seconds of a recording at which something is that is heard so long after the beginning of its parts alone.
inline double seconds_in_whole(double heard, std::span<const std::pair<Index, Index>> parts, Index sample_rate) {
  const auto rate = static_cast<double>(sample_rate);
  for (const auto& [first, last] : parts) {
    const double length = static_cast<double>(last - first) / rate;
    if (heard <= length || &parts.back().first == &first) return static_cast<double>(first) / rate + heard;
    heard -= length;
  }
  return heard;
}

}  // namespace headformer
