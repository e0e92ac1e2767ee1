#pragma once

#include <algorithm>
#include <cmath>

#include "headformer/core/grid.hpp"
#include "headformer/core/tensor.hpp"

namespace headformer {

/// Which keys have buckets of their own: half of the buckets are for those that follow the query, or none is.
enum class RelativeSides { both, past };

/// Buckets of distances, near ones alone, farther ones in logarithmic steps (Raffel et al. 2020,
/// https://arxiv.org/abs/1910.10683).
struct RelativeBucketConfig {
  Index rows = 0;  ///< of the table, at least as many as buckets
  Index buckets = 32;
  Index greatest_distance = 128;  ///< from here on all share a bucket
  RelativeSides sides = RelativeSides::both;

  /// The bucket of a key `distance` positions after the query. In f32, as the reference computes it.
  Index bucket(Index distance) const {
    const bool both = sides == RelativeSides::both;
    const Index half = both ? buckets / 2 : buckets;
    const Index exact = half / 2;
    const Index side = both && distance > 0 ? half : 0;
    const Index far = both ? std::abs(distance) : std::max<Index>(-distance, 0);
    if (far < exact) return side + far;
    const auto first = static_cast<float>(exact);
    const float octaves =
        std::log(static_cast<float>(far) / first) /
        static_cast<float>(std::log(static_cast<double>(greatest_distance) / static_cast<double>(exact)));
    const auto step = static_cast<Index>(octaves * static_cast<float>(half - exact));
    return side + std::min(exact + step, half - 1);
  }
};

/// A learned number a head for each step from one place of a window to another (Liu et al. 2021,
/// https://arxiv.org/abs/2103.14030).
struct WindowBiasConfig {
  Grid window;               ///< that the numbers were learned for; empty: there are none
  bool class_token = false;  ///< a row before the window has three numbers of its own (BEiT)
  Index shift = 0;           ///< how far a layer's windows are moved up and left (Swin's every second)

  /// Of a window, without the class token's.
  static Index steps(Grid window) { return (2 * window.height - 1) * (2 * window.width - 1); }
};

/// DeBERTa's relative positions (He et al. 2021, https://arxiv.org/abs/2006.03654), with the logarithmic buckets of its
/// second version where there are any.
struct DisentangledConfig {
  Index span = 0;     ///< distances are -span to span - 1; 0: no relative attention
  Index buckets = 0;  ///< of each side, near half of them exact; 0: distances as they are
  Index greatest_distance = 0;
  bool content_to_position = false;
  bool position_to_content = false;
  bool shared_projections = false;  ///< positions go through the content's matrices
  bool normed = false;              ///< a norm over the table
  float epsilon = 1e-7F;            ///< of that norm

  /// The table's row for a query `distance` positions after the key. In f32, as the reference computes it.
  Index row(Index distance) const { return std::clamp(bucket(distance) + span, Index{0}, 2 * span - 1); }

 private:
  Index bucket(Index distance) const {
    const Index middle = buckets / 2;
    const Index far = std::abs(distance);
    if (buckets == 0 || far <= middle) return distance;
    const float steps =
        std::log(static_cast<float>(far) / static_cast<float>(middle)) /
        std::log(static_cast<float>(static_cast<double>(greatest_distance - 1) / static_cast<double>(middle))) *
        static_cast<float>(middle - 1);
    const Index place = static_cast<Index>(std::ceil(steps)) + middle;
    return distance < 0 ? -place : place;
  }
};

}  // namespace headformer
