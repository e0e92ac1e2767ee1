#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <random>
#include <span>
#include <vector>

#include "headformer/core/tensor.hpp"
#include "headformer/core/token_id.hpp"

namespace headformer {

/// The tokens that are still in the running, in ascending order of their ids, and their scores.
struct Candidates {
  std::vector<TokenId> ids;
  std::vector<float> logits;
  std::size_t vocabulary = 0;  ///< V, of which ids are a part

  Candidates() = default;
  explicit Candidates(std::span<const float> all) { assign(all); }

  /// The whole vocabulary. Shapes: all [V].
  void assign(std::span<const float> all) {
    if (vocabulary != all.size() || ids.size() != all.size()) {  // of V ids in ascending order there is one choice
      ids.resize(all.size());
      std::iota(ids.begin(), ids.end(), TokenId{0});
    }
    logits.assign(all.begin(), all.end());
    vocabulary = all.size();
  }

  std::size_t size() const { return ids.size(); }

  /// The score of a token; nullptr where it is out, or no token at all.
  float* find(TokenId id) {
    if (id < 0 || static_cast<std::size_t>(id) >= vocabulary) return nullptr;
    if (ids.size() == vocabulary) return &logits[static_cast<std::size_t>(id)];
    const auto at = std::lower_bound(ids.begin(), ids.end(), id);
    return at != ids.end() && *at == id ? &logits[static_cast<std::size_t>(at - ids.begin())] : nullptr;
  }
  /// Gives a token no chance.
  void ban(TokenId id) {
    if (float* logit = find(id)) *logit = -std::numeric_limits<float>::infinity();
  }

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

  /// The first of the best, as the reference's argmax.
  std::size_t best() const {
    return static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
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
  std::vector<double> probabilities() const {
    std::vector<double> result = weights();
    double total = 0;
    for (const double weight : result) total += weight;
    for (double& weight : result) weight /= total;
    return result;
  }

  /// Indices by descending score, equal ones in their order; the first `count` of them.
  std::vector<std::size_t> sorted(std::size_t count) const {
    std::vector<std::size_t> order(ids.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto before = [&](std::size_t a, std::size_t b) {
      return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
    };
    count = std::min(count, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(), before);
    order.resize(count);
    return order;
  }
};

/// Draws of a seed, the same on every machine.
using Random = std::mt19937_64;
/// In [0, 1).
inline double uniform(Random& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

/// What a processor may look at beside the scores.
struct DecodingStep {
  std::span<const TokenId> history;  ///< the prompt and what has been generated
  Index prompt_length = 0;
  std::span<const TokenId> source = {};  ///< what an encoder has read, where there is one
  Random* random = nullptr;              ///< where there is chance; nullptr: none is allowed

  Index generated() const { return static_cast<Index>(history.size()) - prompt_length; }
};

}  // namespace headformer
