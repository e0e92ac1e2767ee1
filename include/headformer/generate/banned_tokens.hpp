#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "headformer/core/error.hpp"
#include "headformer/generate/candidates.hpp"

// Processors that say which tokens cannot come next, or must.
namespace headformer {

namespace detail {

/// What followed in `text` where it has the last n - 1 of `history`.
inline void ban_repeated_ngrams(Candidates& candidates, std::span<const TokenId> text, std::span<const TokenId> history,
                                std::size_t n) {
  if (history.size() + 1 < n || text.size() < n) return;
  const std::span<const TokenId> last = history.last(n - 1);
  for (std::size_t i = 0; i + n <= text.size(); ++i)
    if (std::equal(last.begin(), last.end(), text.begin() + static_cast<std::ptrdiff_t>(i)))
      candidates.ban(text[i + n - 1]);
}

inline void ban(Candidates& candidates, std::span<const TokenId> ids) {
  for (const TokenId id : ids) candidates.ban(id);
}

/// Only these, with a score of 0.
inline void force(Candidates& candidates, std::span<const TokenId> ids) {
  std::fill(candidates.logits.begin(), candidates.logits.end(), -std::numeric_limits<float>::infinity());
  for (const TokenId id : ids) {
    float* logit = candidates.find(id);
    if (logit == nullptr)
      throw ArgumentError("forced token: expected ids of 0 to " + std::to_string(candidates.vocabulary - 1) +
                          ", found " + std::to_string(id));
    *logit = 0;
  }
}

}  // namespace detail

/// No n tokens in a row come twice (Paulus et al. 2017, https://arxiv.org/abs/1705.04304).
struct NoRepeatedNgrams {
  std::size_t n;  ///< >= 1
  void operator()(Candidates& candidates, const DecodingStep& step) const {
    detail::ban_repeated_ngrams(candidates, step.history, step.history, n);
  }
};

/// None that an encoder's source has.
struct NoNgramsOfSource {
  std::size_t n;  ///< >= 1
  void operator()(Candidates& candidates, const DecodingStep& step) const {
    detail::ban_repeated_ngrams(candidates, step.source, step.history, n);
  }
};

/// Sequences that never come whole. One that is nothing but an end may.
struct NoBadWords {
  NoBadWords(std::vector<std::vector<TokenId>> words, std::span<const TokenId> ends) : sequences(std::move(words)) {
    std::erase_if(sequences, [&](const std::vector<TokenId>& sequence) {
      return sequence.empty() ||
             (sequence.size() == 1 && std::find(ends.begin(), ends.end(), sequence.front()) != ends.end());
    });
  }
  void operator()(Candidates& candidates, const DecodingStep& step) const {
    for (const std::vector<TokenId>& sequence : sequences) {
      if (sequence.size() > step.history.size() + 1) continue;
      const std::span<const TokenId> last = step.history.last(sequence.size() - 1);
      if (std::equal(last.begin(), last.end(), sequence.begin())) candidates.ban(sequence.back());
    }
  }
  std::vector<std::vector<TokenId>> sequences;
};

/// Tokens that never come.
struct SuppressTokens {
  std::vector<TokenId> ids;
  void operator()(Candidates& candidates, const DecodingStep&) const { detail::ban(candidates, ids); }
};

/// Tokens that do not come as the generated one of number `index`.
struct SuppressTokensAt {
  std::vector<TokenId> ids;
  Index index;
  void operator()(Candidates& candidates, const DecodingStep& step) const {
    if (step.generated() == index) detail::ban(candidates, ids);
  }
};

/// No end before so many generated tokens.
struct LeastNewTokens {
  Index count;
  std::vector<TokenId> ends;
  void operator()(Candidates& candidates, const DecodingStep& step) const {
    if (step.generated() < count) detail::ban(candidates, ends);
  }
};

/// What follows a single first token.
struct ForcedFirst {
  std::vector<TokenId> ids;
  void operator()(Candidates& candidates, const DecodingStep& step) const {
    if (step.history.size() == 1) detail::force(candidates, ids);
  }
};

/// What the generated token of number `index`, the last there is room for, is.
struct ForcedLast {
  std::vector<TokenId> ids;
  Index index;
  void operator()(Candidates& candidates, const DecodingStep& step) const {
    if (step.generated() == index) detail::force(candidates, ids);
  }
};

/// Not-a-number becomes 0, infinities the ends of the finite numbers: also what has been banned so far.
struct RemoveInvalidValues {
  void operator()(Candidates& candidates, const DecodingStep&) const {
    for (float& logit : candidates.logits) {
      if (std::isnan(logit)) logit = 0;
      logit = std::clamp(logit, std::numeric_limits<float>::lowest(), std::numeric_limits<float>::max());
    }
  }
};

}  // namespace headformer
