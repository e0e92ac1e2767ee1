#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "headformer/generate/constrained/grammar.hpp"

namespace headformer {

/// Where one may be in a grammar after some bytes: an automaton over bytes whose states are found when they are first
/// asked for, and remembered. A state is a set of heads: the next byte's position, and the stack of positions that
/// rules return to. Stacks share their lower parts, so each is a number, and so is a state. Not thread-safe.
///
/// Several heads at once, as grammars are ambiguous: all ways of reading the bytes so far that can still come to an
/// end.
class GrammarStates {
 public:
  using State = std::uint32_t;
  using Stack = std::uint32_t;
  static constexpr State dead = 0;
  /// The stack of a grammar's root.
  static constexpr Stack bottom = 0;
  /// A stack that is not known; see escapes().
  static constexpr Stack unknown = 1;

  struct Head {
    Grammar::Position position;  ///< of an element of bytes
    Stack stack;
    auto operator<=>(const Head&) const = default;
  };

  explicit GrammarStates(Grammar grammar) : grammar_(std::move(grammar)) {
    stacks_.resize(2);
    intern({});  // dead
    Closure closure;
    enter(grammar_.root, bottom, closure);
    start_ = intern(std::move(closure));
  }

  State start() const { return start_; }
  std::span<const Head> heads(State state) const { return states_[state]->heads; }
  /// Whether the bytes so far are a whole text.
  bool accepts(State state) const { return states_[state]->accepts; }
  /// Whether an unknown stack has been returned to: what follows may be whatever follows there.
  bool escapes(State state) const { return states_[state]->escapes; }
  /// Whether no byte can follow.
  bool ended(State state) const { return states_[state]->heads.empty(); }

  State next(State state, std::uint8_t byte) {
    Node& node = *states_[state];
    if (!node.next) {
      if (node.heads.empty()) return dead;
      node.next = std::make_unique<std::array<State, 256>>();
      node.next->fill(not_known);
    }
    State& known = (*node.next)[byte];
    if (known == not_known) {
      Closure closure;
      for (const Head& head : node.heads) {
        if (grammar_.sets[grammar_.elements[head.position].value].contains(byte))
          expand(head.position + 1, head.stack, closure);
      }
      known = intern(std::move(closure));
    }
    return known;
  }
  State next(State state, std::string_view bytes) {
    for (const char byte : bytes) state = next(state, static_cast<std::uint8_t>(byte));
    return state;
  }

  /// A head alone, its stack not known.
  State alone(Grammar::Position position) {
    Closure closure;
    closure.heads.push_back({position, unknown});
    return intern(std::move(closure));
  }
  /// Where one is when a rule returns to a stack.
  State returned(Stack stack) {
    Closure closure;
    leave(stack, closure);
    return intern(std::move(closure));
  }

  std::size_t size() const { return states_.size(); }

 private:
  static constexpr State not_known = static_cast<State>(-1);

  struct Closure {
    std::vector<Head> heads;
    bool accepts = false;
    bool escapes = false;
    std::set<Head> seen;  ///< positions and stacks that have been expanded
    auto key() const { return std::tuple(accepts, escapes, heads); }
  };
  struct Node {
    std::vector<Head> heads;
    bool accepts = false;
    bool escapes = false;
    std::unique_ptr<std::array<State, 256>> next;
  };
  struct Frame {
    Grammar::Position position = 0;  ///< that is returned to
    Stack below = 0;
    auto operator<=>(const Frame&) const = default;
  };

  /// Everything that may come at a position, without reading a byte.
  void expand(Grammar::Position position, Stack stack, Closure& closure) {
    std::vector<Head> open = {{position, stack}};
    while (!open.empty()) {
      const Head head = open.back();
      open.pop_back();
      if (!closure.seen.insert(head).second) continue;
      const Grammar::Element& element = grammar_.elements[head.position];
      if (element.kind == Grammar::Kind::bytes) {
        closure.heads.push_back(head);
      } else if (element.kind == Grammar::Kind::end) {
        if (head.stack == bottom)
          closure.accepts = true;
        else if (head.stack == unknown)
          closure.escapes = true;
        else
          open.push_back({stacks_[head.stack].position, stacks_[head.stack].below});
      } else {
        // What is last in its alternative need not be returned from: loops keep their stack.
        const bool last = grammar_.elements[head.position + 1].kind == Grammar::Kind::end;
        const Stack inside = last ? head.stack : push({head.position + 1, head.stack});
        for (const Grammar::Position begin : grammar_.rules[element.value]) open.push_back({begin, inside});
      }
    }
  }
  void enter(std::uint32_t rule, Stack stack, Closure& closure) {
    for (const Grammar::Position begin : grammar_.rules[rule]) expand(begin, stack, closure);
  }
  void leave(Stack stack, Closure& closure) {
    if (stack == bottom)
      closure.accepts = true;
    else
      expand(stacks_[stack].position, stacks_[stack].below, closure);
  }

  Stack push(Frame frame) {
    const auto [at, fresh] = known_stacks_.try_emplace(frame, static_cast<Stack>(stacks_.size()));
    if (fresh) stacks_.push_back(frame);
    return at->second;
  }
  State intern(Closure closure) {
    std::sort(closure.heads.begin(), closure.heads.end());
    const auto [at, fresh] = known_states_.try_emplace(closure.key(), static_cast<State>(states_.size()));
    if (fresh) {
      auto node = std::make_unique<Node>();
      node->heads = std::move(closure.heads);
      node->accepts = closure.accepts;
      node->escapes = closure.escapes;
      states_.push_back(std::move(node));
    }
    return at->second;
  }

  Grammar grammar_;
  State start_ = dead;
  std::vector<Frame> stacks_;
  std::map<Frame, Stack> known_stacks_;
  std::vector<std::unique_ptr<Node>> states_;
  std::map<std::tuple<bool, bool, std::vector<Head>>, State> known_states_;
};

}  // namespace headformer
