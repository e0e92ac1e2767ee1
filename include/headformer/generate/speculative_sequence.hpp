#pragma once

#include <algorithm>
#include <concepts>
#include <span>
#include <utility>
#include <vector>

#include "headformer/core/tensor.hpp"
#include "headformer/generate/generation.hpp"

namespace headformer {

/// What speculation needs of a sequence besides: the logits of several ids at once, whose bits are those of one after
/// the other, and the way back.
template <class T>
concept SpeculativeTokenSequence =
    TokenSequence<T> &&
    requires(T& sequence, const T& kept, std::span<const TokenId> ids, Tensor<float>& logits, Index count) {
      sequence.append_all(ids, logits);  // logits [T, V], made when it does not fit
      sequence.truncate(count);
      { kept.length() } -> std::convertible_to<Index>;
      { kept.at_once(count) } -> std::convertible_to<Index>;  // how many of `count` ids may come together
    };

/// Guesses what follows: any number of ids, none where it has no idea. A guess costs a row of the next pass over the
/// weights, which costs little while the weights' bytes do; a wrong one costs no more than that.
template <class T>
concept Drafter = requires(T& drafter, std::span<const TokenId> history) {
  { drafter(history) } -> std::convertible_to<std::vector<TokenId>>;
};

/// A sequence that reads ahead (Leviathan et al. 2023, https://arxiv.org/abs/2211.17192; Chen et al. 2023,
/// https://arxiv.org/abs/2302.01318): with each id it appends what a drafter guesses to follow, and has the logits of
/// the guesses before anybody asks for them. Whoever generates looks at the same logits, bit for bit, as without it,
/// and chooses as before: greedily, or by draws, whose distribution, and with a seed whose tokens, are therefore the
/// same. A guess that is chosen is a step that costs nothing; at the first that is not the sequence goes back.
template <SpeculativeTokenSequence Sequence, Drafter Draft>
class SpeculativeSequence {
 public:
  /// `held`: the ids that the sequence holds already.
  SpeculativeSequence(Sequence sequence, Draft draft, std::span<const TokenId> held = {})
      : sequence_(std::move(sequence)), draft_(std::move(draft)), history_(held.begin(), held.end()) {}

  /// Shapes: [T] -> [V]; valid until the next call.
  std::span<float> append(std::span<const TokenId> ids) {
    history_.insert(history_.end(), ids.begin(), ids.end());
    if (ids.size() == 1 && taken_ < guesses_.size() && guesses_[taken_] == ids.front())
      return logits_.view().row_span(static_cast<Index>(++taken_));
    sequence_.truncate(sequence_.length() - static_cast<Index>(guesses_.size() - taken_));
    guesses_.clear();
    taken_ = 0;
    if (ids.size() > 1) return sequence_.append(ids);  // a prompt
    std::vector<TokenId> guesses = draft_(history_);
    const Index most = sequence_.at_once(static_cast<Index>(guesses.size()) + 1) - 1;
    guesses.resize(std::min(guesses.size(), static_cast<std::size_t>(std::max<Index>(most, 0))));
    if (guesses.empty()) return sequence_.append(ids);
    together_.assign(ids.begin(), ids.end());
    together_.insert(together_.end(), guesses.begin(), guesses.end());
    sequence_.append_all(together_, logits_);
    guesses_ = std::move(guesses);
    return logits_.view().row_span(0);
  }

 private:
  Sequence sequence_;
  Draft draft_;
  std::vector<TokenId> history_;
  std::vector<TokenId> guesses_;  ///< after the last id that was appended with some
  std::size_t taken_ = 0;         ///< of the guesses: those that have been appended since
  std::vector<TokenId> together_;
  Tensor<float> logits_;  ///< [1 + guesses, V]
};

}  // namespace headformer
