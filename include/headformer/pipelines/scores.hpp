#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/stable_sort.hpp"

namespace headformer {

/// A class and how likely it is.
struct LabelScore {
  std::string label;
  float score = 0;
};

/// A document's place in the caller's list and how well it answers the query.
struct RankedDocument {
  std::size_t index = 0;
  float score = 0;
  bool truncated = false;  ///< query and document (of a vector for each token: the document) were longer than the
                           ///< model's maximum
};

/// What makes scores of a classifier's logits.
enum class ScoreFunction { none, sigmoid, softmax };

namespace detail {

inline float sigmoid(float x) { return 1.0F / (1.0F + std::exp(-x)); }

/// exp(x - max) / sum. Shapes: -> [n].
inline std::vector<float> softmax(std::span<const float> logits) {
  std::vector<float> result(logits.begin(), logits.end());
  if (result.empty()) return result;
  const float greatest = *std::max_element(result.begin(), result.end());
  double sum = 0;
  for (float& value : result) {
    value = std::exp(value - greatest);
    sum += value;
  }
  for (float& value : result) value = static_cast<float>(value / sum);
  return result;
}

inline std::vector<float> scores_of(ScoreFunction function, std::span<const float> logits) {
  if (function == ScoreFunction::softmax) return softmax(logits);
  std::vector<float> result(logits.begin(), logits.end());
  if (function == ScoreFunction::sigmoid) std::transform(result.begin(), result.end(), result.begin(), sigmoid);
  return result;
}

/// The places of a list's values, the greatest first; equal ones in their order.
inline std::vector<std::size_t> best_first(std::span<const float> values) {
  std::vector<std::size_t> order(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  detail::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  return order;
}

/// Sorts what has scores, the greatest first; equal ones stay in their order.
template <class Scored>
void sort_best_first(std::vector<Scored>& all) {
  detail::stable_sort(all.begin(), all.end(), [](const Scored& a, const Scored& b) { return a.score > b.score; });
}

/// Labels with their scores, the best first.
inline std::vector<LabelScore> ranked(std::span<const std::string> labels, std::span<const float> scores) {
  std::vector<LabelScore> result;
  for (const std::size_t i : best_first(scores)) result.push_back({labels[i], scores[i]});
  return result;
}

}  // namespace detail
}  // namespace headformer
