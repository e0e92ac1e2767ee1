#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <span>
#include <vector>

#include "headformer/generate/generation_config.hpp"

namespace headformer {

/// The tokens that are still in the running, and their logits.
struct Candidates {
  std::vector<TokenId> ids;
  std::vector<float> logits;

  /// Keeps those for which keep(i) holds, in their order.
  template <class Keep>
  void filter(Keep keep) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (!keep(i)) continue;
      ids[kept] = ids[i];
      logits[kept] = logits[i];
      ++kept;
    }
    ids.resize(kept);
    logits.resize(kept);
  }

  /// exp(logit - greatest), which probabilities are proportional to.
  std::vector<double> weights() const {
    const float greatest = *std::max_element(logits.begin(), logits.end());
    std::vector<double> result(logits.size());
    for (std::size_t i = 0; i < logits.size(); ++i) {
      // The best one's is 1, also where it is infinite.
      const bool best = logits[i] == greatest;
      result[i] = best ? 1 : std::exp(static_cast<double>(logits[i]) - static_cast<double>(greatest));
    }
    return result;
  }
};

/// Divides (or multiplies, when negative) the logits of tokens that have appeared (Keskar et al. 2019,
/// https://arxiv.org/abs/1909.05858). `seen` may repeat an id.
inline void penalise_repetition(std::span<float> logits, std::span<const TokenId> seen, double penalty) {
  std::vector<TokenId> unique(seen.begin(), seen.end());
  std::sort(unique.begin(), unique.end());
  unique.erase(std::unique(unique.begin(), unique.end()), unique.end());
  const auto factor = static_cast<float>(penalty);
  for (const TokenId id : unique) {
    if (id < 0 || static_cast<std::size_t>(id) >= logits.size()) continue;
    float& logit = logits[static_cast<std::size_t>(id)];
    logit = logit < 0 ? logit * factor : logit / factor;
  }
}

/// Keeps the k best; ties with the k-th stay (Fan et al. 2018, https://arxiv.org/abs/1805.04833).
inline void keep_top_k(Candidates& candidates, Index k) {
  if (k <= 0 || k >= static_cast<Index>(candidates.ids.size())) return;
  std::vector<float> sorted = candidates.logits;
  const auto kth = sorted.begin() + (k - 1);
  std::nth_element(sorted.begin(), kth, sorted.end(), std::greater<>());
  const float least = *kth;
  candidates.filter([&](std::size_t i) { return candidates.logits[i] >= least; });
}

/// Keeps the smallest set of best tokens whose probabilities sum to p or more (nucleus sampling, Holtzman et al. 2019,
/// https://arxiv.org/abs/1904.09751).
inline void keep_top_p(Candidates& candidates, double p) {
  if (p >= 1) return;
  const std::vector<double> weights = candidates.weights();
  std::vector<std::size_t> order(weights.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return weights[a] != weights[b] ? weights[a] < weights[b] : a < b;  // equal ones in their order, as the reference
  });
  double total = 0;
  for (const double weight : weights) total += weight;
  std::vector<bool> removed(order.size(), false);
  double tail = 0;
  for (std::size_t i = 0; i + 1 < order.size(); ++i) {  // the best one always stays
    tail += weights[order[i]] / total;
    if (tail > 1 - p) break;
    removed[order[i]] = true;
  }
  candidates.filter([&](std::size_t i) { return !removed[i]; });
}

/// Keeps what has at least min_p times the probability of the best (https://arxiv.org/abs/2407.01082).
inline void keep_min_p(Candidates& candidates, double min_p) {
  if (min_p <= 0) return;
  const std::vector<double> weights = candidates.weights();  // the best one's is 1
  candidates.filter([&](std::size_t i) { return weights[i] >= min_p; });
}

/// The seed of the n-th of several generations that one seed is given for, so that equal prompts draw apart: the seed
/// itself for n = 0, after that SplitMix64's mixture of both (Steele et al. 2014,
/// https://doi.org/10.1145/2660193.2660195).
inline std::uint64_t nth_seed(std::uint64_t seed, std::uint64_t n) {
  if (n == 0) return seed;
  std::uint64_t z = seed + n * 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

/// Chooses the next token by a GenerationConfig. The draws of a seed are the same on every machine.
class Sampler {
 public:
  explicit Sampler(const GenerationConfig& config)
      : config_(config), random_(config.seed ? *config.seed : system_seed()) {}

  /// `logits` [V] are overwritten; `history` is the prompt and what has been generated; `banned` tokens cannot be
  /// chosen.
  TokenId operator()(std::span<float> logits, std::span<const TokenId> history, std::span<const TokenId> banned = {}) {
    if (const double penalty = config_.repetition_penalty.value_or(1); penalty != 1)
      penalise_repetition(logits, history, penalty);
    for (const TokenId id : banned) {
      if (id >= 0 && static_cast<std::size_t>(id) < logits.size())
        logits[static_cast<std::size_t>(id)] = -std::numeric_limits<float>::infinity();
    }
    if (!config_.do_sample.value_or(false)) return greatest(logits);
    return draw(logits);
  }

 private:
  /// The first of equal ones, as the reference's argmax.
  static TokenId greatest(std::span<const float> logits) {
    return static_cast<TokenId>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  }

  TokenId draw(std::span<const float> logits) {
    const auto temperature = static_cast<float>(config_.temperature.value_or(1));
    candidates_.ids.clear();
    candidates_.logits.clear();
    for (std::size_t i = 0; i < logits.size(); ++i) {
      if (!(logits[i] > -std::numeric_limits<float>::infinity())) continue;  // also leaves a NaN out
      candidates_.ids.push_back(static_cast<TokenId>(i));
      candidates_.logits.push_back(logits[i] / temperature);
    }
    if (candidates_.ids.empty()) return greatest(logits);
    keep_top_k(candidates_, config_.top_k.value_or(50));
    keep_top_p(candidates_, config_.top_p.value_or(1));
    keep_min_p(candidates_, config_.min_p.value_or(0));
    const std::vector<double> weights = candidates_.weights();
    double total = 0;
    for (const double weight : weights) total += weight;
    double target = static_cast<double>(random_() >> 11) * 0x1p-53 * total;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      target -= weights[i];
      if (target < 0) return candidates_.ids[i];
    }
    return candidates_.ids.back();
  }

  static std::uint64_t system_seed() {
    std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32) | device();
  }

  GenerationConfig config_;
  std::mt19937_64 random_;
  Candidates candidates_;
};

}  // namespace headformer
