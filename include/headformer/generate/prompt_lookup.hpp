#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "headformer/core/tensor.hpp"
#include "headformer/core/token_id.hpp"

namespace headformer {

/// Guesses that what followed the last few ids before follows them again (Saxena 2023,
/// https://github.com/apoorvumang/prompt-lookup-decoding): good where an answer repeats its prompt or itself, as in
/// summaries, edits and code. The longest match counts, and of those the latest that has all it needs after it.
struct PromptLookup {
  Index tokens = 10;  ///< guesses at most
  Index longest = 2;  ///< ids that are looked for at most

  std::vector<TokenId> operator()(std::span<const TokenId> history) const {
    const auto size = static_cast<Index>(history.size());
    for (Index length = std::min(longest, size - 1); length > 0; --length) {
      const auto pattern = history.last(static_cast<std::size_t>(length));
      std::span<const TokenId> best;
      for (Index begin = size - length - 1; begin >= 0; --begin) {
        if (!std::equal(pattern.begin(), pattern.end(), history.begin() + begin)) continue;
        const Index after = begin + length;
        const auto found =
            history.subspan(static_cast<std::size_t>(after), static_cast<std::size_t>(std::min(tokens, size - after)));
        if (found.size() > best.size()) best = found;
        if (static_cast<Index>(best.size()) == tokens) break;
      }
      if (!best.empty()) return {best.begin(), best.end()};
    }
    return {};
  }
};

}  // namespace headformer
