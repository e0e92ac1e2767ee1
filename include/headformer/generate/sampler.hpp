#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "headformer/generate/generation_config.hpp"
#include "headformer/generate/logits_chain.hpp"

namespace headformer {

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

/// The seed a config gives, or one of the system's.
inline std::uint64_t seed_of(const GenerationConfig& config) {
  if (config.seed) return *config.seed;
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

/// Keeps what is no more surprising than an allowance, which moves so that the surprise of what is drawn comes to tau
/// bits (Basu et al. 2020, https://arxiv.org/abs/2007.14966, its second version as in llama.cpp).
class Mirostat {
 public:
  Mirostat(double tau, double eta) : tau_(tau), eta_(eta), allowance_(2 * tau) {}

  void keep(Candidates& candidates) const {
    const std::vector<double> probabilities = candidates.probabilities();
    const std::size_t best = candidates.best();
    candidates.filter([&](std::size_t i) { return i == best || -std::log2(probabilities[i]) <= allowance_; });
  }
  /// The probability, among what was kept, of the token that was drawn.
  void drawn(double probability) { allowance_ -= eta_ * (-std::log2(probability) - tau_); }

 private:
  double tau_;
  double eta_;
  double allowance_;  ///< bits
};

/// Chooses the next token: a chain of processors, then the best or a draw. The draws of a seed are the same on every
/// machine.
class Sampler {
 public:
  /// The reference's chain for a config that is complete.
  explicit Sampler(const GenerationConfig& config, Index prompt_length = 0)
      : Sampler(config, reference_chain(config, prompt_length)) {}
  /// A chain of the caller's own; of the config only do_sample, mirostat and the seed count.
  Sampler(const GenerationConfig& config, LogitsChain chain)
      : chain_(std::move(chain)),
        draws_(config.do_sample.value_or(false)),
        uses_mirostat_(draws_ && config.mirostat.value_or(0) != 0),
        mirostat_(config.mirostat_tau.value_or(5), config.mirostat_eta.value_or(0.1)),
        random_(draws_ ? seed_of(config) : 0) {}

  /// Shapes: logits [V].
  TokenId operator()(std::span<const float> logits, DecodingStep step) {
    if (!draws_ && chain_.empty())
      return static_cast<TokenId>(std::max_element(logits.begin(), logits.end()) - logits.begin());
    candidates_.assign(logits);
    step.random = draws_ ? &random_ : nullptr;
    chain_(candidates_, step);
    return candidates_.ids[draws_ ? draw() : candidates_.best()];
  }

 private:
  std::size_t draw() {
    if (uses_mirostat_) mirostat_.keep(candidates_);
    const std::vector<double> weights = candidates_.weights();
    double total = 0;
    for (const double weight : weights) total += weight;
    double target = uniform(random_) * total;
    std::size_t chosen = 0;
    while (chosen + 1 < weights.size() && (target -= weights[chosen]) >= 0) ++chosen;
    if (uses_mirostat_) mirostat_.drawn(weights[chosen] / total);
    return chosen;
  }

  LogitsChain chain_;
  bool draws_;
  bool uses_mirostat_;
  Mirostat mirostat_;
  Random random_;
  Candidates candidates_;
};

}  // namespace headformer
