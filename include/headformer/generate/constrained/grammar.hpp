#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/error.hpp"
#include "headformer/generate/constrained/code_points.hpp"

namespace headformer {

/// A context-free grammar over bytes, made by a GrammarBuilder: elements in a row, an alternative of a rule after the
/// other, each with an end. A position is an index into them.
struct Grammar {
  enum class Kind : std::uint8_t { bytes, rule, end };
  struct Element {
    Kind kind = Kind::end;
    std::uint32_t value = 0;  ///< of `sets`, or of `rules`
  };
  using Position = std::uint32_t;

  std::vector<Element> elements;
  std::vector<ByteSet> sets;
  std::vector<std::vector<Position>> rules;  ///< where the alternatives of each begin
  std::uint32_t root = 0;
};

/// Puts a grammar together, part by part. A part is a rule's number; parts may be used any number of times, and a rule
/// declared before it is defined may contain itself, but not begin with itself.
class GrammarBuilder {
 public:
  using Part = std::uint32_t;

  /// `limit`: elements at most; what is larger is an ArgumentError.
  explicit GrammarBuilder(std::size_t limit = 1 << 20) : limit_(limit) {}

  Part declare() {
    alternatives_.emplace_back();
    return static_cast<Part>(alternatives_.size() - 1);
  }
  void define(Part part, std::vector<std::vector<Part>> alternatives) {
    Rule& rule = alternatives_[part];
    for (const std::vector<Part>& alternative : alternatives) {
      Alternative& made = rule.emplace_back();
      for (const Part each : alternative) made.push_back({Grammar::Kind::rule, each});
      count(alternative.size() + 1);
    }
  }

  Part nothing() { return sequence({}); }
  /// What no text is.
  Part never() { return declare(); }
  Part text(std::string_view bytes) {
    const Part part = declare();
    Alternative& made = alternatives_[part].emplace_back();
    for (const char byte : bytes)
      made.push_back({Grammar::Kind::bytes, set(ByteSet::of(static_cast<std::uint8_t>(byte)))});
    count(bytes.size() + 1);
    return part;
  }
  Part points(const CodePoints& points) {
    const Part part = declare();
    for (const std::vector<ByteSet>& sequence : utf8_of(points)) {
      Alternative& made = alternatives_[part].emplace_back();
      for (const ByteSet& bytes : sequence) made.push_back({Grammar::Kind::bytes, set(bytes)});
      count(sequence.size() + 1);
    }
    return part;
  }
  Part sequence(std::vector<Part> parts) {
    const Part part = declare();
    define(part, {std::move(parts)});
    return part;
  }
  Part any_of(const std::vector<Part>& parts) {
    const Part part = declare();
    std::vector<std::vector<Part>> alternatives;
    for (const Part each : parts) alternatives.push_back({each});
    define(part, std::move(alternatives));
    return part;
  }
  Part optional(Part part) { return any_of({part, nothing()}); }

  static constexpr std::size_t unlimited = static_cast<std::size_t>(-1);
  /// `part` from `least` to `most` times, with `between` in between.
  Part separated(Part part, Part between, std::size_t least, std::size_t most) {
    if (most == 0) return nothing();
    const Part more =
        repeat(sequence({between, part}), least > 0 ? least - 1 : 0, most == unlimited ? unlimited : most - 1);
    const Part all = sequence({part, more});
    return least == 0 ? optional(all) : all;
  }
  Part repeat(Part part, std::size_t least, std::size_t most) {
    count(2 * (most == unlimited ? least : most));
    // From the end: x{2,4} is x x (x (x)?)?
    Part tail = nothing();
    if (most == unlimited) {
      tail = declare();
      define(tail, {{part, tail}, {}});
    } else {
      for (std::size_t i = least; i < most; ++i) tail = optional(sequence({part, tail}));
    }
    std::vector<Part> parts(least, part);
    parts.push_back(tail);
    return sequence(std::move(parts));
  }

  /// The grammar of `root`. Throws ArgumentError for a rule that begins with itself (left recursion) and for a grammar
  /// that no text matches. `about` and the rules' names are for these messages.
  Grammar finish(Part root, const std::string& about) const {
    const std::vector<bool> nullable =
        least_fixpoint([&](const Alternative& alternative, const std::vector<bool>& known) {
          for (const Grammar::Element& element : alternative)
            if (element.kind == Grammar::Kind::bytes || !known[element.value]) return false;
          return true;
        });
    const std::vector<bool> productive =
        least_fixpoint([&](const Alternative& alternative, const std::vector<bool>& known) {
          for (const Grammar::Element& element : alternative)
            if (element.kind == Grammar::Kind::rule && !known[element.value]) return false;
          return true;
        });
    if (!productive[root])
      throw ArgumentError(about + ": expected a grammar that some text matches, found one that none does");
    expect_no_left_recursion(nullable, productive, about);

    Grammar grammar;
    grammar.sets = sets_;
    std::vector<std::uint32_t> numbers(alternatives_.size(), 0);
    std::vector<Part> used = {root};
    std::vector<bool> seen(alternatives_.size(), false);
    seen[root] = true;
    // What cannot come to an end is left out: it would be a dead end.
    const auto lives = [&](const Alternative& alternative) {
      for (const Grammar::Element& element : alternative)
        if (element.kind == Grammar::Kind::rule && !productive[element.value]) return false;
      return true;
    };
    for (std::size_t i = 0; i < used.size(); ++i) {
      numbers[used[i]] = static_cast<std::uint32_t>(i);
      for (const Alternative& alternative : alternatives_[used[i]]) {
        if (!lives(alternative)) continue;
        for (const Grammar::Element& element : alternative) {
          if (element.kind != Grammar::Kind::rule || seen[element.value]) continue;
          seen[element.value] = true;
          used.push_back(element.value);
        }
      }
    }
    for (const Part part : used) {
      std::vector<Grammar::Position>& begins = grammar.rules.emplace_back();
      for (const Alternative& alternative : alternatives_[part]) {
        if (!lives(alternative)) continue;
        begins.push_back(static_cast<Grammar::Position>(grammar.elements.size()));
        for (Grammar::Element element : alternative) {
          if (element.kind == Grammar::Kind::rule) element.value = numbers[element.value];
          grammar.elements.push_back(element);
        }
        grammar.elements.push_back({});
      }
    }
    return grammar;
  }

  /// For the messages of finish().
  void name(Part part, std::string name) { names_[part] = std::move(name); }

 private:
  using Alternative = std::vector<Grammar::Element>;
  using Rule = std::vector<Alternative>;

  std::uint32_t set(const ByteSet& bytes) {
    const auto [at, fresh] = known_sets_.try_emplace(bytes, static_cast<std::uint32_t>(sets_.size()));
    if (fresh) sets_.push_back(bytes);
    return at->second;
  }
  void count(std::size_t more) {
    if (more > limit_ || (size_ += more) > limit_)
      throw ArgumentError("grammar: expected at most " + std::to_string(limit_) + " elements, found more");
  }

  /// The rules that have an alternative for which holds(alternative, rules so far).
  template <class Holds>
  std::vector<bool> least_fixpoint(Holds holds) const {
    std::vector<bool> known(alternatives_.size(), false);
    bool forwards = true;  // and backwards in turn: rules are made in either order
    for (bool changed = true; changed; forwards = !forwards) {
      changed = false;
      for (std::size_t n = 0; n < alternatives_.size(); ++n) {
        const std::size_t i = forwards ? n : alternatives_.size() - 1 - n;
        if (known[i]) continue;
        for (const Alternative& alternative : alternatives_[i]) {
          if (!holds(alternative, known)) continue;
          known[i] = changed = true;
          break;
        }
      }
    }
    return known;
  }

  /// A rule that begins with itself, perhaps by way of others and behind what may be nothing, with something after it.
  /// (One that has nothing after it, as in (a*)*, goes round and comes to no harm.)
  void expect_no_left_recursion(const std::vector<bool>& nullable, const std::vector<bool>& productive,
                                const std::string& about) const {
    struct Edge {
      Part from, to;
    };
    std::vector<std::vector<Part>> next(alternatives_.size());
    std::vector<std::vector<Part>> back(alternatives_.size());
    std::vector<Edge> with_more;
    for (Part part = 0; part < alternatives_.size(); ++part) {
      for (const Alternative& alternative : alternatives_[part]) {
        for (std::size_t i = 0; i < alternative.size() && alternative[i].kind == Grammar::Kind::rule; ++i) {
          const Part first = alternative[i].value;
          if (!productive[first]) break;
          next[part].push_back(first);
          back[first].push_back(part);
          if (i + 1 < alternative.size()) with_more.push_back({part, first});
          if (!nullable[first]) break;
        }
      }
    }
    const std::vector<Part> component = components(next, back);
    for (const auto& [from, to] : with_more) {
      if (component[from] != component[to]) continue;
      const auto named = names_.find(to);
      throw ArgumentError(about + ": expected no rule that begins with itself (left recursion), found " +
                          (named == names_.end() ? "one" : named->second));
    }
  }

  /// Which strongly connected component each part is of (Kosaraju's algorithm, with stacks of its own: a caller's
  /// grammar cannot exhaust the program's).
  static std::vector<Part> components(const std::vector<std::vector<Part>>& next,
                                      const std::vector<std::vector<Part>>& back) {
    const std::size_t size = next.size();
    std::vector<bool> seen(size, false);
    std::vector<Part> finished;
    std::vector<std::pair<Part, std::size_t>> path;
    for (Part start = 0; start < size; ++start) {
      if (seen[start]) continue;
      seen[start] = true;
      path.emplace_back(start, 0);
      while (!path.empty()) {
        auto& [part, at] = path.back();
        if (at == next[part].size()) {
          finished.push_back(part);
          path.pop_back();
        } else if (const Part to = next[part][at++]; !seen[to]) {
          seen[to] = true;
          path.emplace_back(to, 0);
        }
      }
    }
    std::vector<Part> component(size, static_cast<Part>(size));
    for (std::size_t i = size; i-- > 0;) {
      if (component[finished[i]] != size) continue;
      std::vector<Part> open = {finished[i]};
      component[finished[i]] = finished[i];
      while (!open.empty()) {
        const Part part = open.back();
        open.pop_back();
        for (const Part to : back[part]) {
          if (component[to] != size) continue;
          component[to] = finished[i];
          open.push_back(to);
        }
      }
    }
    return component;
  }

  std::size_t limit_;
  std::size_t size_ = 0;
  std::vector<Rule> alternatives_;
  std::vector<ByteSet> sets_;
  std::map<ByteSet, std::uint32_t> known_sets_;
  std::map<Part, std::string> names_;
};

}  // namespace headformer
