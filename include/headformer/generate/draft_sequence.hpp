#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "headformer/generate/log_sum_exp.hpp"
#include "headformer/generate/speculative_sequence.hpp"

namespace headformer {

/// How long the drafts of a model are.
struct DraftOptions {
  Index tokens = 20;        ///< at most (num_assistant_tokens)
  bool adapts = false;      ///< two more after a draft that was taken whole, one less after another (the "heuristic")
  double confidence = 0.4;  ///< it ends behind a guess less likely than that (assistant_confidence_threshold)
};

/// Guesses with a model of its own, a smaller one of the same vocabulary or the first layers of the same one: what that
/// would generate greedily.
template <SpeculativeTokenSequence Sequence>
class DraftSequence {
 public:
  /// A sequence that looks back through windows cannot go back further.
  static constexpr Index most_tokens = 60;

  DraftSequence(Sequence sequence, const DraftOptions& options)
      : sequence_(std::move(sequence)), options_(options), tokens_(std::min(options.tokens, most_tokens)) {}

  std::vector<TokenId> operator()(std::span<const TokenId> history) {
    adapt(history);
    const Index common =
        std::mismatch(held_.begin(), held_.end(), history.begin(), history.end()).first - held_.begin();
    const Index kept = std::min({common, static_cast<Index>(history.size()) - 1, sequence_.length()});
    sequence_.truncate(kept);
    held_.assign(history.begin(), history.end());
    std::vector<TokenId> guesses;
    std::span<const TokenId> fresh = history.subspan(static_cast<std::size_t>(kept));
    while (static_cast<Index>(guesses.size()) < tokens_ && sequence_.at_once(static_cast<Index>(fresh.size())) > 0) {
      const std::span<float> logits = sequence_.append(fresh);
      const auto best = std::max_element(logits.begin(), logits.end());
      const double probability = std::exp(static_cast<double>(*best) - log_sum_exp(logits));
      guesses.push_back(static_cast<TokenId>(best - logits.begin()));
      if (probability < options_.confidence || static_cast<Index>(guesses.size()) == tokens_) break;
      held_.push_back(guesses.back());
      fresh = std::span<const TokenId>(held_).last(1);
    }
    drafted_ = guesses;
    drafted_at_ = history.size();
    return guesses;
  }

 private:
  /// By what became of the last draft.
  void adapt(std::span<const TokenId> history) {
    if (!options_.adapts || drafted_.empty() || history.size() <= drafted_at_) return;
    const auto since = history.subspan(drafted_at_);
    const bool whole = since.size() > drafted_.size() && std::equal(drafted_.begin(), drafted_.end(), since.begin());
    tokens_ = whole ? std::min(tokens_ + 2, most_tokens) : std::max<Index>(1, tokens_ - 1);
  }

  Sequence sequence_;
  DraftOptions options_;
  Index tokens_;
  std::vector<TokenId> held_;  ///< what the sequence holds, and perhaps one more
  std::vector<TokenId> drafted_;
  std::size_t drafted_at_ = 0;
};

}  // namespace headformer
