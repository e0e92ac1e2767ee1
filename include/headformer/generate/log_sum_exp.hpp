#pragma once

#include <algorithm>
#include <cmath>
#include <span>

namespace headformer {

/// log(sum of exp(logits)), in f64: what a logit less it is the logarithm of a probability. Shapes: logits [V], V > 0.
inline double log_sum_exp(std::span<const float> logits) {
  const auto greatest = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - greatest);
  return greatest + std::log(sum);
}

}  // namespace headformer
