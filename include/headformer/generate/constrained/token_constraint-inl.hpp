#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/generate/constrained/token_constraint.hpp"
#include "headformer/generate/constrained/token_masks.hpp"

namespace headformer {

struct TokenConstraint::Parts {
  using State = GrammarStates::State;
  struct Known {
    std::size_t length;
    State state;
  };

  std::vector<TokenId> ends;
  std::mutex mutex;
  TokenMasks masks;
  std::unordered_map<std::uint64_t, Known> states;  ///< by a hash of what has been generated

  Parts(Grammar grammar, std::vector<std::string> texts, std::vector<TokenId> given)
      : ends(std::move(given)), masks(std::move(grammar), without(std::move(texts), ends)) {
    if (ends.empty()) throw ArgumentError("constraint: expected an eos_token_id, with which a text ends, found none");
  }

  static std::vector<std::string> without(std::vector<std::string> texts, std::span<const TokenId> ends) {
    for (const TokenId id : ends)
      if (id >= 0 && static_cast<std::size_t>(id) < texts.size()) texts[static_cast<std::size_t>(id)].clear();
    return texts;
  }
  bool is_end(TokenId id) const { return std::find(ends.begin(), ends.end(), id) != ends.end(); }

  /// Found by what has been generated, as sequences come and go: beams fork, and batches mix.
  State state_after(std::span<const TokenId> generated) {
    const auto mixed = [](std::uint64_t hash, TokenId id) {
      hash = (hash ^ static_cast<std::uint64_t>(static_cast<std::uint32_t>(id))) * 0x9e3779b97f4a7c15U;
      return hash ^ (hash >> 29);
    };
    std::vector<std::uint64_t> hashes = {0x243f6a8885a308d3U};
    for (const TokenId id : generated) hashes.push_back(mixed(hashes.back(), id));
    std::size_t known = generated.size();
    State state = masks.states().start();
    for (; known > 0; --known) {
      const auto at = states.find(hashes[known]);
      if (at == states.end() || at->second.length != known) continue;
      state = at->second.state;
      break;
    }
    for (; known < generated.size(); ++known) {
      state = masks.next(state, generated[known]);
      if (states.size() >= 65536) states.clear();
      states[hashes[known + 1]] = {known + 1, state};
    }
    return state;
  }
};

HEADFORMER_INLINE TokenConstraint::TokenConstraint(Grammar grammar, std::vector<std::string> texts,
                                                   std::vector<TokenId> ends)
    : parts_(std::make_unique<Parts>(std::move(grammar), std::move(texts), std::move(ends))) {}
HEADFORMER_INLINE TokenConstraint::~TokenConstraint() = default;

HEADFORMER_INLINE void TokenConstraint::keep(Candidates& candidates, const DecodingStep& step) const {
  Parts& parts = *parts_;
  const auto generated = step.history.subspan(static_cast<std::size_t>(step.prompt_length));
  // A beam that has ended goes on in its search, without a chance.
  if (std::any_of(generated.begin(), generated.end(), [&](TokenId id) { return parts.is_end(id); }))
    return candidates.filter([&](std::size_t i) { return parts.is_end(candidates.ids[i]); });
  const std::lock_guard lock(parts.mutex);
  const Parts::State state = parts.state_after(generated);
  const std::shared_ptr<const TokenMask> mask = parts.masks.allowed(state);
  const bool may_end = parts.masks.states().accepts(state);
  candidates.filter([&](std::size_t i) {
    const TokenId id = candidates.ids[i];
    return mask->contains(id) || (may_end && parts.is_end(id));
  });
  constexpr float never = -std::numeric_limits<float>::infinity();
  if (std::none_of(candidates.logits.begin(), candidates.logits.end(), [](float logit) { return logit != never; }))
    throw ArgumentError("constraint: expected a token that goes on with the text so far (" +
                        std::to_string(generated.size()) +
                        " tokens), found none in the vocabulary that no other option rules out");
}

HEADFORMER_INLINE bool TokenConstraint::accepts(std::span<const TokenId> generated) const {
  const std::lock_guard lock(parts_->mutex);
  return parts_->masks.states().accepts(parts_->state_after(generated));
}

}  // namespace headformer
