#pragma once

#include <cmath>

namespace headformer::detail {

/// YaRN's temperature: 0.1 * scale * ln(factor) + 1.
inline double yarn_temperature(double factor, double scale = 1) {
  return factor <= 1 ? 1.0 : 0.1 * scale * std::log(factor) + 1.0;
}

}  // namespace headformer::detail
