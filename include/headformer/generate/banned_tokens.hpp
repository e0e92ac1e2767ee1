#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "headformer/core/token_id.hpp"

// Tokens that must not come next, by what has come. Ids are appended to `banned`, some perhaps twice.
namespace headformer {

/// Those that would repeat n tokens of `text` in a row (Paulus et al. 2017, https://arxiv.org/abs/1705.04304): what
/// followed there where it has the last n - 1 of `history`. `text` is the history itself, or an encoder's source.
inline void ban_repeated_ngrams(std::span<const TokenId> text, std::span<const TokenId> history, std::size_t n,
                                std::vector<TokenId>& banned) {
  if (n == 0 || history.size() + 1 < n || text.size() < n) return;
  const std::span<const TokenId> last = history.last(n - 1);
  for (std::size_t i = 0; i + n <= text.size(); ++i)
    if (std::equal(last.begin(), last.end(), text.begin() + static_cast<std::ptrdiff_t>(i)))
      banned.push_back(text[i + n - 1]);
}

/// The last token of each sequence of which the others have just come; a single one always.
inline void ban_sequences(std::span<const std::vector<TokenId>> sequences, std::span<const TokenId> history,
                          std::vector<TokenId>& banned) {
  for (const std::vector<TokenId>& sequence : sequences) {
    if (sequence.empty() || sequence.size() > history.size() + 1) continue;
    const std::span<const TokenId> last = history.last(sequence.size() - 1);
    if (std::equal(last.begin(), last.end(), sequence.begin())) banned.push_back(sequence.back());
  }
}

}  // namespace headformer
