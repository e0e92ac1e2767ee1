#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>

namespace headformer::detail {

/// How alike two vectors are, by the name that sentence-transformers has for the measure: cosine, dot, or the negative
/// distance euclidean or manhattan. Shapes: [D] each.
inline float similarity(std::string_view measure, std::span<const float> a, std::span<const float> b) {
  double dot = 0, a_squares = 0, b_squares = 0, distance = 0, squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = a[i], y = b[i];
    dot += x * y;
    a_squares += x * x;
    b_squares += y * y;
    distance += std::abs(x - y);
    squares += (x - y) * (x - y);
  }
  if (measure == "dot") return static_cast<float>(dot);
  if (measure == "euclidean") return static_cast<float>(-std::sqrt(squares));
  if (measure == "manhattan") return static_cast<float>(-distance);
  constexpr double least = 1e-12;  // as torch's normalize
  return static_cast<float>(dot / (std::max(std::sqrt(a_squares), least) * std::max(std::sqrt(b_squares), least)));
}

}  // namespace headformer::detail
