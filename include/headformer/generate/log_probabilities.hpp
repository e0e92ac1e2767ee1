#pragma once

#include <span>
#include <utility>
#include <vector>

#include "headformer/generate/candidates.hpp"
#include "headformer/generate/log_sum_exp.hpp"

namespace headformer {

/// How likely a token was, and what would have been likelier than most. Natural logarithms of the model's own
/// probabilities, before any processor.
struct TokenLogProbability {
  TokenId id = 0;
  float log_probability = 0;
  std::vector<std::pair<TokenId, float>> top;  ///< the best, best first
};

/// Of the token that came, where the logits were these. Shapes: logits [V].
inline TokenLogProbability log_probability(std::span<const float> logits, TokenId id, Index top) {
  const Candidates all(logits);
  const double log_sum = log_sum_exp(logits);
  const auto of = [&](std::size_t i) { return static_cast<float>(static_cast<double>(logits[i]) - log_sum); };
  TokenLogProbability result{id, of(static_cast<std::size_t>(id)), {}};
  for (const std::size_t i : all.sorted(static_cast<std::size_t>(top)))
    result.top.emplace_back(static_cast<TokenId>(i), of(i));
  return result;
}

}  // namespace headformer
