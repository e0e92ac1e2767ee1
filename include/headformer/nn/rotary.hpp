#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <span>
#include <vector>

#include "headformer/core/tensor.hpp"

namespace headformer {

/// How rotary frequencies are stretched past the length a model was trained for. The names are those of checkpoints.
enum class RotaryScaling { none, linear, dynamic, yarn, longrope, llama3 };

/// Rotary position embedding (Su et al. 2021, https://arxiv.org/abs/2104.09864) and its scalings: linear (Chen et al.
/// 2023), dynamic NTK, YaRN (Peng et al. 2023, https://arxiv.org/abs/2309.00071), LongRoPE (Ding et al. 2024,
/// https://arxiv.org/abs/2402.13753), Llama 3.1's. Equal configs share their tables.
struct RotaryConfig {
  Index width = 0;  ///< components of a head that are rotated (even); 0: none
  double theta = 10000;
  RotaryScaling scaling = RotaryScaling::none;
  double factor = 1;
  Index maximum_positions = 0;           ///< dynamic: where stretching begins
  Index original_maximum_positions = 0;  ///< yarn, longrope, llama3
  double attention_factor = 1;           ///< yarn, longrope: multiplies cosines and sines
  double beta_fast = 32;                 ///< yarn
  double beta_slow = 1;                  ///< yarn
  bool truncate = true;                  ///< yarn: round the correction range to whole dimensions
  double low_frequency_factor = 1;       ///< llama3
  double high_frequency_factor = 4;      ///< llama3
  std::vector<float> short_factors;      ///< longrope [width / 2]
  std::vector<float> long_factors;       ///< longrope [width / 2]
  std::vector<float> divisors;           ///< frequencies as published are divided by these [width / 2]; empty: none

  /// Unscaled.
  static RotaryConfig plain(Index width, double theta) {
    RotaryConfig config;
    config.width = width;
    config.theta = theta;
    return config;
  }

  friend bool operator==(const RotaryConfig&, const RotaryConfig&) = default;

  /// Whether the frequencies depend on how long the sequence is.
  bool depends_on_length() const { return scaling == RotaryScaling::dynamic || scaling == RotaryScaling::longrope; }

  /// Sequences of these lengths have the same frequencies (as far as depends_on_length() needs to know).
  Index length_class(Index length) const {
    if (scaling == RotaryScaling::longrope) return length > original_maximum_positions ? 1 : 0;
    if (scaling == RotaryScaling::dynamic) return std::max(length, maximum_positions);
    return 0;
  }
};

/// Inverse frequencies for a sequence of `length` positions. Shapes: result [width / 2].
inline void inverse_frequencies(const RotaryConfig& config, Index length, std::span<float> result) {
  const auto width = static_cast<double>(config.width);
  double theta = config.theta;
  if (config.scaling == RotaryScaling::dynamic) {
    const auto maximum = static_cast<double>(config.maximum_positions);
    const auto total = std::max(static_cast<double>(length), maximum);
    theta *= std::pow(config.factor * total / maximum - (config.factor - 1), width / (width - 2));
  }
  // In f32, as the reference computes them: at large positions the rounding of a frequency is visible.
  const auto period = [&](std::size_t i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(config.width);
    return static_cast<float>(std::pow(theta, static_cast<double>(exponent)));
  };
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = 1.0F / period(i);
  const auto factor = static_cast<float>(config.factor);
  switch (config.scaling) {
    case RotaryScaling::none:
    case RotaryScaling::dynamic:
      break;
    case RotaryScaling::linear:
      for (float& frequency : result) frequency /= factor;
      break;
    case RotaryScaling::longrope: {
      const auto& factors = length > config.original_maximum_positions ? config.long_factors : config.short_factors;
      for (std::size_t i = 0; i < result.size(); ++i) result[i] = 1.0F / (factors[i] * period(i));
      break;
    }
    case RotaryScaling::yarn: {
      const auto dimension = [&](double rotations) {
        return width *
               std::log(static_cast<double>(config.original_maximum_positions) / (rotations * 2 * std::numbers::pi)) /
               (2 * std::log(config.theta));
      };
      double low = dimension(config.beta_fast);
      double high = dimension(config.beta_slow);
      if (config.truncate) {
        low = std::floor(low);
        high = std::ceil(high);
      }
      low = std::max(low, 0.0);
      high = std::min(high, width - 1);
      if (low == high) high += 0.001;
      for (std::size_t i = 0; i < result.size(); ++i) {
        const float ramp =
            std::clamp((static_cast<float>(i) - static_cast<float>(low)) / static_cast<float>(high - low), 0.0F, 1.0F);
        const float keep = 1.0F - ramp;  // 1: a fast component, left as it is
        result[i] = 1.0F / (factor * period(i)) * (1.0F - keep) + result[i] * keep;
      }
      break;
    }
    case RotaryScaling::llama3: {
      const auto original = static_cast<double>(config.original_maximum_positions);
      const auto low_wavelength = static_cast<float>(original / config.low_frequency_factor);
      const auto high_wavelength = static_cast<float>(original / config.high_frequency_factor);
      for (float& frequency : result) {
        const float wavelength = static_cast<float>(2 * std::numbers::pi) / frequency;
        if (wavelength < high_wavelength) continue;
        if (wavelength > low_wavelength) {
          frequency /= factor;
          continue;
        }
        const auto smooth =
            static_cast<float>((original / static_cast<double>(wavelength) - config.low_frequency_factor) /
                               (config.high_frequency_factor - config.low_frequency_factor));
        frequency = (1.0F - smooth) * frequency / factor + smooth * frequency;
      }
      break;
    }
  }
  for (std::size_t i = 0; i < config.divisors.size() && i < result.size(); ++i) result[i] /= config.divisors[i];
}
inline std::vector<float> inverse_frequencies(const RotaryConfig& config, Index length) {
  std::vector<float> result(static_cast<std::size_t>(config.width / 2));
  inverse_frequencies(config, length, result);
  return result;
}

}  // namespace headformer
