#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "headformer/core/error.hpp"
#include "headformer/generate/candidates.hpp"
#include "headformer/generate/constrained/token_masks.hpp"

namespace headformer {

/// Holds generated text to a grammar: of the candidates it keeps the tokens with which the text can still become one
/// that the grammar matches, and the ends only where it is one now. A token may cross any border of the grammar. Made
/// once for a grammar and a vocabulary; what it finds out it remembers, for all sequences, and any number of threads
/// may use it at once.
class TokenConstraint {
 public:
  /// texts[id]: the bytes that a token adds to a text; empty for special ones, which are none. `ends`: what ends a
  /// text. Throws ArgumentError for none, as a text could then not end.
  TokenConstraint(Grammar grammar, std::vector<std::string> texts, std::vector<TokenId> ends)
      : ends_(std::move(ends)), masks_(std::move(grammar), without(std::move(texts), ends_)) {
    if (ends_.empty()) throw ArgumentError("constraint: expected an eos_token_id, with which a text ends, found none");
  }

  /// Throws ArgumentError where nothing can follow: the text so far, or none of the tokens, fits the grammar.
  void keep(Candidates& candidates, const DecodingStep& step) const {
    const auto generated = step.history.subspan(static_cast<std::size_t>(step.prompt_length));
    // A beam that has ended goes on in its search, without a chance.
    if (std::any_of(generated.begin(), generated.end(), [&](TokenId id) { return is_end(id); }))
      return candidates.filter([&](std::size_t i) { return is_end(candidates.ids[i]); });
    const std::lock_guard lock(mutex_);
    const GrammarStates::State state = state_after(generated);
    const std::shared_ptr<const TokenMask> mask = masks_.allowed(state);
    const bool may_end = masks_.states().accepts(state);
    candidates.filter([&](std::size_t i) {
      const TokenId id = candidates.ids[i];
      return mask->contains(id) || (may_end && is_end(id));
    });
    constexpr float never = -std::numeric_limits<float>::infinity();
    if (std::none_of(candidates.logits.begin(), candidates.logits.end(), [](float logit) { return logit != never; }))
      throw ArgumentError("constraint: expected a token that goes on with the text so far (" +
                          std::to_string(generated.size()) +
                          " tokens), found none in the vocabulary that no other option rules out");
  }
  void operator()(Candidates& candidates, const DecodingStep& step) const { keep(candidates, step); }

  /// Whether a text of these tokens is one that the grammar matches.
  bool accepts(std::span<const TokenId> generated) const {
    const std::lock_guard lock(mutex_);
    return masks_.states().accepts(state_after(generated));
  }

 private:
  bool is_end(TokenId id) const { return std::find(ends_.begin(), ends_.end(), id) != ends_.end(); }
  static std::vector<std::string> without(std::vector<std::string> texts, std::span<const TokenId> ends) {
    for (const TokenId id : ends)
      if (id >= 0 && static_cast<std::size_t>(id) < texts.size()) texts[static_cast<std::size_t>(id)].clear();
    return texts;
  }

  /// Found by what has been generated, as sequences come and go: beams fork, and batches mix.
  GrammarStates::State state_after(std::span<const TokenId> generated) const {
    const auto mixed = [](std::uint64_t hash, TokenId id) {
      hash = (hash ^ static_cast<std::uint64_t>(static_cast<std::uint32_t>(id))) * 0x9e3779b97f4a7c15U;
      return hash ^ (hash >> 29);
    };
    std::vector<std::uint64_t> hashes = {0x243f6a8885a308d3U};
    for (const TokenId id : generated) hashes.push_back(mixed(hashes.back(), id));
    std::size_t known = generated.size();
    GrammarStates::State state = masks_.states().start();
    for (; known > 0; --known) {
      const auto at = states_.find(hashes[known]);
      if (at == states_.end() || at->second.length != known) continue;
      state = at->second.state;
      break;
    }
    for (; known < generated.size(); ++known) {
      state = masks_.next(state, generated[known]);
      if (states_.size() >= 65536) states_.clear();
      states_[hashes[known + 1]] = {known + 1, state};
    }
    return state;
  }

  struct Known {
    std::size_t length;
    GrammarStates::State state;
  };

  std::vector<TokenId> ends_;
  mutable std::mutex mutex_;
  mutable TokenMasks masks_;
  mutable std::unordered_map<std::uint64_t, Known> states_;  ///< by a hash of what has been generated
};

}  // namespace headformer
