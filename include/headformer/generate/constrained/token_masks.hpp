#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "headformer/generate/constrained/grammar_states.hpp"
#include "headformer/generate/constrained/token_trie.hpp"

namespace headformer {

/// A bit a token.
class TokenMask {
 public:
  TokenMask() = default;
  explicit TokenMask(std::size_t vocabulary) : words_((vocabulary + 63) / 64, 0) {}

  void insert(TokenId id) {
    const auto i = static_cast<std::size_t>(id);
    words_[i / 64] |= std::uint64_t{1} << (i % 64);
  }
  bool contains(TokenId id) const {
    const auto i = static_cast<std::size_t>(id);
    return i / 64 < words_.size() && ((words_[i / 64] >> (i % 64)) & 1) != 0;
  }
  TokenMask& operator|=(const TokenMask& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
    return *this;
  }
  bool empty() const {
    return std::all_of(words_.begin(), words_.end(), [](std::uint64_t word) { return word == 0; });
  }

 private:
  std::vector<std::uint64_t> words_;
};

/// Which tokens may follow in each state of a grammar (after Dong et al. 2024, XGrammar,
/// https://arxiv.org/abs/2411.15100). What a position of the grammar says by itself, whatever rules it stands in, is
/// found once by a walk over all tokens; only those that go on past the end of its rule are looked at again, with the
/// stack at hand. Not thread-safe.
class TokenMasks {
 public:
  using State = GrammarStates::State;

  /// texts[id]: a token's bytes; empty for one that is no text.
  TokenMasks(Grammar grammar, std::vector<std::string> texts)
      : states_(std::move(grammar)), texts_(std::move(texts)), trie_(texts_), path_(longest() + 1) {}

  GrammarStates& states() { return states_; }
  std::size_t vocabulary() const { return texts_.size(); }
  /// After one more token, which `allowed` has; dead for one that is no text.
  State next(State state, TokenId id) {
    const auto i = static_cast<std::size_t>(id);
    return i < texts_.size() && !texts_[i].empty() ? states_.next(state, texts_[i]) : GrammarStates::dead;
  }

  std::shared_ptr<const TokenMask> allowed(State state) {
    if (const auto known = masks_.find(state); known != masks_.end()) return known->second;
    auto mask = std::make_shared<TokenMask>(texts_.size());
    const std::vector<GrammarStates::Head> heads(states_.heads(state).begin(), states_.heads(state).end());
    for (const GrammarStates::Head& head : heads) {
      const Local& local = local_of(head.position);
      *mask |= local.mask;
      if (local.open.empty()) continue;
      const State outside = states_.returned(head.stack);
      if (states_.ended(outside)) continue;
      for (const std::uint32_t node : local.open) {
        path_[trie_.nodes()[node].depth + 1U] = outside;
        insert_below(node + 1, trie_.nodes()[node].after, *mask, nullptr);
      }
    }
    if (masks_.size() >= most_masks()) masks_.clear();
    return masks_[state] = std::move(mask);
  }

 private:
  struct Local {
    TokenMask mask;                   ///< tokens that end in the rule, or where it does
    std::vector<std::uint32_t> open;  ///< nodes where it ends, and tokens go on
  };

  /// Some 64 MB of them.
  std::size_t most_masks() const { return std::max<std::size_t>(64, (std::size_t{512} << 20) / (texts_.size() + 64)); }
  std::size_t longest() const {
    std::size_t longest = 0;
    for (const std::string& text : texts_) longest = std::max(longest, text.size());
    return longest;
  }

  const Local& local_of(Grammar::Position position) {
    const auto [at, fresh] = locals_.try_emplace(position);
    if (fresh) {
      at->second.mask = TokenMask(texts_.size());
      path_[0] = states_.alone(position);
      insert_below(0, static_cast<std::uint32_t>(trie_.nodes().size()), at->second.mask, &at->second.open);
    }
    return at->second;
  }

  /// Tokens of the nodes [begin, end) that can be read from path_ on.
  void insert_below(std::uint32_t begin, std::uint32_t end, TokenMask& mask, std::vector<std::uint32_t>* open) {
    trie_.walk(begin, end, [&](std::uint32_t i) {
      const TokenTrie::Node& node = trie_.nodes()[i];
      const State state = states_.next(path_[node.depth], node.byte);
      if (state == GrammarStates::dead) return false;
      for (std::uint32_t id = node.first_id; id < node.last_id; ++id) mask.insert(trie_.ids()[id]);
      if (open != nullptr && states_.escapes(state) && node.after > i + 1) open->push_back(i);
      path_[node.depth + 1U] = state;
      return !states_.ended(state);
    });
  }

  GrammarStates states_;
  std::vector<std::string> texts_;
  TokenTrie trie_;
  std::vector<State> path_;  ///< after so many bytes of the token that is walked over
  std::unordered_map<Grammar::Position, Local> locals_;
  std::unordered_map<State, std::shared_ptr<const TokenMask>> masks_;
};

}  // namespace headformer
