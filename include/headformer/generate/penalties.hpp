#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "headformer/generate/candidates.hpp"

// Processors that make tokens more or less likely by what has come. (logits_chain.hpp: how they are put in order.)
namespace headformer {

namespace detail {

inline void penalise(Candidates& candidates, std::span<const TokenId> seen, float penalty) {
  std::vector<TokenId> unique(seen.begin(), seen.end());
  std::sort(unique.begin(), unique.end());
  unique.erase(std::unique(unique.begin(), unique.end()), unique.end());
  for (const TokenId id : unique)
    if (float* logit = candidates.find(id)) *logit = *logit < 0 ? *logit * penalty : *logit / penalty;
}

}  // namespace detail

/// Divides (or multiplies, when negative) the logits of tokens that have appeared (Keskar et al. 2019,
/// https://arxiv.org/abs/1909.05858).
struct RepetitionPenalty {
  double penalty;  ///< > 0; above 1: less likely
  void operator()(Candidates& candidates, const DecodingStep& step) const {
    detail::penalise(candidates, step.history, static_cast<float>(penalty));
  }
};

/// The inverse over an encoder's source: above 1 its tokens are more likely, against hallucinations.
struct EncoderRepetitionPenalty {
  double penalty;  ///< > 0
  void operator()(Candidates& candidates, const DecodingStep& step) const {
    detail::penalise(candidates, step.source, static_cast<float>(1 / penalty));
  }
};

/// llama.cpp's presence and frequency penalties (OpenAI's): what has come among the last tokens loses `presence`, and
/// `frequency` as often as it has.
struct PresencePenalty {
  double presence;
  double frequency;
  Index last;  ///< that many tokens are looked at; -1: all

  void operator()(Candidates& candidates, const DecodingStep& step) const {
    const std::size_t most = step.history.size();
    const std::size_t count = last < 0 ? most : std::min(most, static_cast<std::size_t>(last));
    std::map<TokenId, int> counts;
    for (const TokenId id : step.history.last(count)) ++counts[id];
    for (const auto& [id, times] : counts)
      if (float* logit = candidates.find(id)) *logit -= static_cast<float>(times * frequency + presence);
  }
};

/// DRY, "don't repeat yourself" (https://github.com/oobabooga/text-generation-webui/pull/5677): what would go on with a
/// repetition of `allowed_length` tokens or more loses multiplier * base ^ (length - allowed_length).
struct DryPenalty {
  double multiplier;
  double base;
  Index allowed_length;
  Index last;                                  ///< that many tokens are looked at; -1: all
  std::vector<std::vector<TokenId>> breakers;  ///< sequences that a repetition does not reach across

  void operator()(Candidates& candidates, const DecodingStep& step) const {
    const std::size_t most = step.history.size();
    const std::size_t count = last < 0 ? most : std::min(most, static_cast<std::size_t>(last));
    const std::span<const TokenId> text = step.history.last(count);
    const Index limit = behind_breaker(text);
    if (static_cast<Index>(count) <= allowed_length || limit < allowed_length) return;
    std::map<TokenId, Index> longest;  // of the repetitions that a token would go on with
    for (std::size_t end = 1; end < count; ++end) {
      Index length = 0;  // of what text[.., end) and the whole text have in common at their ends
      while (length < limit && static_cast<std::size_t>(length) < end &&
             text[end - 1 - static_cast<std::size_t>(length)] == text[count - 1 - static_cast<std::size_t>(length)])
        ++length;
      if (length < allowed_length) continue;
      Index& known = longest[text[end]];
      known = std::max(known, length);
    }
    // Beyond this exponent the power overflows a float.
    const double greatest = base > 1.000001 ? std::floor(88.7228391 / std::log(base)) : 0;
    for (const auto& [id, length] : longest) {
      double exponent = static_cast<double>(length - allowed_length);
      if (greatest > 0) exponent = std::min(exponent, greatest);
      if (float* logit = candidates.find(id)) *logit -= static_cast<float>(multiplier * std::pow(base, exponent));
    }
  }

 private:
  /// How many of the last tokens come after the last breaker begins to end: a repetition is no longer than that.
  Index behind_breaker(std::span<const TokenId> text) const {
    const auto count = static_cast<Index>(text.size());
    for (Index i = 0; i < count; ++i) {  // the breaker begins i tokens before the last
      Index longest = -1;                // of its tail, as far as it has come
      for (const std::vector<TokenId>& breaker : breakers) {
        const auto tail = static_cast<Index>(breaker.size()) - 1;
        if (tail < 0 || tail > i) continue;
        const auto at = text.subspan(static_cast<std::size_t>(count - 1 - i));
        if (std::equal(breaker.begin(), breaker.end(), at.begin())) longest = std::max(longest, tail);
      }
      if (longest >= 0) return i - longest;
    }
    return count;
  }
};

/// Adds a bias to the last token of each sequence of which the others have just come; a single one always.
struct SequenceBias {
  std::vector<std::pair<std::vector<TokenId>, double>> biases;

  void operator()(Candidates& candidates, const DecodingStep& step) const {
    std::map<TokenId, float> sums;
    for (const auto& [sequence, bias] : biases) {
      if (sequence.empty() || sequence.size() > step.history.size() + 1) continue;
      const std::span<const TokenId> last = step.history.last(sequence.size() - 1);
      if (std::equal(last.begin(), last.end(), sequence.begin())) sums[sequence.back()] += static_cast<float>(bias);
    }
    for (const auto& [id, bias] : sums)
      if (float* logit = candidates.find(id)) *logit += bias;
  }
};

/// From `start` generated tokens on the end gets likelier, exponentially in how many more there are.
struct ExponentialDecayLengthPenalty {
  Index start;
  double factor;
  std::vector<TokenId> ends;

  void operator()(Candidates& candidates, const DecodingStep& step) const {
    const Index beyond = step.generated() - start;
    if (beyond <= 0) return;
    const auto rise = static_cast<float>(std::pow(factor, static_cast<double>(beyond)) - 1);
    for (const TokenId id : ends) {
      float* logit = candidates.find(id);
      if (logit != nullptr && std::isfinite(*logit)) *logit += std::abs(*logit) * rise;
    }
  }
};

}  // namespace headformer
