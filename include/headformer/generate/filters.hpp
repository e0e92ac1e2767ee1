#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "headformer/generate/candidates.hpp"

// Processors that a draw comes after: what they keep, and how far apart it is. `least` tokens always stay.
namespace headformer {

namespace detail {

/// Of the distribution, in nats.
inline double entropy(std::span<const double> probabilities) {
  double sum = 0;
  for (const double p : probabilities)
    if (p > 0) sum -= p * std::log(p);
  return sum;
}

/// Keeps what has a probability of `threshold` or more, and the `least` best.
inline void keep_probable(Candidates& candidates, std::span<const double> probabilities, double threshold,
                          std::size_t least) {
  const std::vector<std::size_t> best = candidates.sorted(least);
  const float kept = best.empty() ? 0 : candidates.logits[best.back()];
  candidates.filter([&](std::size_t i) { return probabilities[i] >= threshold || candidates.logits[i] >= kept; });
}

}  // namespace detail

/// Takes out what has no chance; of nothing else, the first stays.
struct DropImpossible {
  void operator()(Candidates& candidates, const DecodingStep&) const {
    const std::size_t best = candidates.best();
    candidates.filter([&](std::size_t i) {
      return i == best || candidates.logits[i] > -std::numeric_limits<float>::infinity();  // also leaves a NaN out
    });
    // A first that is NaN is the best of no comparison.
    if (candidates.size() > 1 && std::isnan(candidates.logits.front()))
      candidates.filter([](std::size_t i) { return i > 0; });
  }
};

/// Divides by the temperature.
struct Temperature {
  double temperature;  ///< > 0
  void operator()(Candidates& candidates, const DecodingStep&) const {
    const auto divisor = static_cast<float>(temperature);
    for (float& logit : candidates.logits) logit /= divisor;
  }
};

/// llama.cpp's dynamic temperature: between temperature - range (0 or more) and temperature + range, by how near the
/// distribution's entropy is to the greatest there can be (https://arxiv.org/abs/2403.14541).
struct DynamicTemperature {
  double temperature;
  double range;
  double exponent;
  void operator()(Candidates& candidates, const DecodingStep& step) const {
    if (candidates.size() <= 1) return;
    const double greatest = std::log(static_cast<double>(candidates.size()));
    const double part = detail::entropy(candidates.probabilities()) / greatest;
    const double least = std::max(0.0, temperature - range);
    const double dynamic = least + (temperature + range - least) * std::pow(part, exponent);
    if (dynamic > 1e-30) return Temperature{dynamic}(candidates, step);
    const std::size_t best = candidates.best();  // no temperature is no choice
    candidates.filter([&](std::size_t i) { return i == best; });
  }
};

/// Keeps the k best; ties with the k-th stay (Fan et al. 2018, https://arxiv.org/abs/1805.04833).
struct TopK {
  Index k;  ///< 0: all
  std::size_t least = 1;
  void operator()(Candidates& candidates, const DecodingStep&) const {
    const std::size_t count = std::max(static_cast<std::size_t>(k), least);
    if (k <= 0 || count >= candidates.size()) return;
    std::vector<float> sorted = candidates.logits;
    const auto kth = sorted.begin() + static_cast<std::ptrdiff_t>(count) - 1;
    std::nth_element(sorted.begin(), kth, sorted.end(), std::greater<>());
    const float worst = *kth;
    candidates.filter([&](std::size_t i) { return candidates.logits[i] >= worst; });
  }
};

/// Keeps the smallest set of best tokens whose probabilities sum to p or more (nucleus sampling, Holtzman et al. 2019,
/// https://arxiv.org/abs/1904.09751).
struct TopP {
  double p;
  std::size_t least = 1;
  void operator()(Candidates& candidates, const DecodingStep&) const {
    if (p >= 1) return;
    const std::vector<double> probabilities = candidates.probabilities();
    std::vector<std::size_t> order(probabilities.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {  // equal ones in their order
      return probabilities[a] != probabilities[b] ? probabilities[a] < probabilities[b] : a < b;
    });
    std::vector<bool> removed(order.size(), false);
    double tail = 0;
    for (std::size_t i = 0; i + least < order.size(); ++i) {
      tail += probabilities[order[i]];
      if (tail > 1 - p) break;
      removed[order[i]] = true;
    }
    candidates.filter([&](std::size_t i) { return !removed[i]; });
  }
};

/// Keeps what has at least min_p times the probability of the best (https://arxiv.org/abs/2407.01082).
struct MinP {
  double min_p;
  std::size_t least = 1;
  void operator()(Candidates& candidates, const DecodingStep&) const {
    if (min_p <= 0) return;
    const std::vector<double> weights = candidates.weights();  // the best one's is 1
    std::vector<bool> kept(weights.size());
    for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = weights[i] >= min_p;
    for (const std::size_t i : candidates.sorted(least)) kept[i] = true;
    candidates.filter([&](std::size_t i) { return kept[i]; });
  }
};

/// Keeps those whose information is nearest to the entropy, until their probabilities sum to `mass` (locally typical
/// sampling, Meister et al. 2022, https://arxiv.org/abs/2202.00666).
struct TypicalP {
  double mass;  ///< in (0, 1]
  std::size_t least = 1;
  void operator()(Candidates& candidates, const DecodingStep&) const {
    if (mass >= 1) return;
    const std::vector<double> probabilities = candidates.probabilities();
    const double entropy = detail::entropy(probabilities);
    std::vector<double> distance(probabilities.size());
    for (std::size_t i = 0; i < distance.size(); ++i) distance[i] = std::abs(-std::log(probabilities[i]) - entropy);
    std::vector<std::size_t> order(distance.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](auto a, auto b) { return distance[a] != distance[b] ? distance[a] < distance[b] : a < b; });
    std::size_t last = 0;
    double sum = 0;
    while (last < order.size() && (sum += probabilities[order[last]]) < mass) ++last;
    const double greatest = distance[order[std::min(last, order.size() - 1)]];
    std::vector<bool> kept(order.size(), false);
    for (std::size_t i = 0; i < order.size(); ++i) kept[order[i]] = i < least || distance[order[i]] <= greatest;
    candidates.filter([&](std::size_t i) { return kept[i]; });
  }
};

/// Keeps what has a probability of epsilon or more (truncation sampling, Hewitt et al. 2022,
/// https://arxiv.org/abs/2210.15191).
struct EpsilonCutoff {
  double epsilon;  ///< in (0, 1)
  std::size_t least = 1;
  void operator()(Candidates& candidates, const DecodingStep&) const {
    detail::keep_probable(candidates, candidates.probabilities(), epsilon, least);
  }
};

/// The same by a threshold that falls where the distribution is flat: min(epsilon, sqrt(epsilon) * exp(-entropy)).
struct EtaCutoff {
  double epsilon;  ///< in (0, 1)
  std::size_t least = 1;
  void operator()(Candidates& candidates, const DecodingStep&) const {
    const std::vector<double> probabilities = candidates.probabilities();
    const double eta = std::min(epsilon, std::sqrt(epsilon) * std::exp(-detail::entropy(probabilities)));
    detail::keep_probable(candidates, probabilities, eta, least);
  }
};

/// Keeps the best of the 100 best, until their terms of the entropy sum to top_h of it
/// (https://arxiv.org/abs/2509.02510).
struct TopH {
  double top_h;  ///< in (0, 1]
  void operator()(Candidates& candidates, const DecodingStep&) const {
    const std::vector<std::size_t> order = candidates.sorted(100);
    Candidates best;
    for (const std::size_t i : order) best.logits.push_back(candidates.logits[i]);
    const std::vector<double> probabilities = best.probabilities();
    const double most = detail::entropy(probabilities) * top_h;
    std::vector<bool> kept(candidates.size(), false);
    double sum = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      sum += detail::entropy(std::span(probabilities).subspan(i, 1));
      kept[order[i]] = i == 0 || sum <= most;
    }
    candidates.filter([&](std::size_t i) { return kept[i]; });
  }
};

/// Keeps what is within n standard deviations of the best logit (https://arxiv.org/abs/2411.07641).
struct TopNSigma {
  double n;  ///< > 0
  void operator()(Candidates& candidates, const DecodingStep&) const {
    double sum = 0;
    std::size_t count = 0;
    float greatest = -std::numeric_limits<float>::infinity();
    for (const float logit : candidates.logits) {
      if (!(logit > -std::numeric_limits<float>::infinity())) continue;
      greatest = std::max(greatest, logit);
      sum += static_cast<double>(logit);
      ++count;
    }
    if (count == 0) return;
    const double mean = sum / static_cast<double>(count);
    double squares = 0;
    for (const float logit : candidates.logits) {
      const double distance = static_cast<double>(logit) - mean;
      if (logit > -std::numeric_limits<float>::infinity()) squares += distance * distance;
    }
    const double least = static_cast<double>(greatest) - n * std::sqrt(squares / static_cast<double>(count));
    candidates.filter([&](std::size_t i) { return static_cast<double>(candidates.logits[i]) >= least; });
  }
};

/// XTC, "exclude top choices" (https://github.com/oobabooga/text-generation-webui/pull/6335): with `probability`, of
/// the tokens that have `threshold` or more only the least probable stays.
struct ExcludeTopChoices {
  double probability;
  double threshold;
  void operator()(Candidates& candidates, const DecodingStep& step) const {
    if (probability <= 0 || threshold > 0.5 || candidates.size() < 2) return;
    if (step.random == nullptr || uniform(*step.random) >= probability) return;
    const std::vector<double> probabilities = candidates.probabilities();
    std::size_t last = candidates.size();
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (probabilities[i] < threshold) continue;
      if (last == candidates.size() || probabilities[i] <= probabilities[last]) last = i;
    }
    candidates.filter([&](std::size_t i) { return probabilities[i] < threshold || i == last; });
  }
};

/// Log-probabilities in place of logits.
struct Renormalise {
  void operator()(Candidates& candidates, const DecodingStep&) const {
    const std::vector<double> probabilities = candidates.probabilities();
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const bool out = candidates.logits[i] == -std::numeric_limits<float>::infinity();
      if (!out) candidates.logits[i] = static_cast<float>(std::log(probabilities[i]));
    }
  }
};

}  // namespace headformer
