#pragma once

#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/error.hpp"
#include "headformer/preprocess/unicode/properties.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

/// Translates a pattern of the reference's engine (Oniguruma with Ruby's syntax,
/// https://github.com/kkos/oniguruma/blob/master/doc/RE) into one of PCRE2's in UTF mode with PCRE2_MULTILINE:
/// - `\s \d \w \h \b \p{..}` and whole classes (nested, `&&`) become explicit ranges, so that the Unicode version is
///   the reference's and not the installed library's;
/// - an interval followed by `+` or another quantifier repeats the group, it is not possessive; `{,n}` is `{0,n}`;
/// - `(?i)` without a colon reaches to the end of its group, over `|` too; Ruby's `m` is the dot that matches all.
/// Throws FormatError, without the name of a file, on what it cannot translate (rare scripts, calls).
class RegexTranslator {
 public:
  explicit RegexTranslator(std::string_view pattern) : pattern_(pattern) {}

  std::string run() {
    while (at_ < pattern_.size()) step();
    if (!groups_.empty()) fail("an unclosed group");
    while (open_options_-- > 0) out_ += ')';
    return std::move(out_);
  }

 private:
  using Set = unicode::CodePointSet;
  struct Group {
    std::size_t begin;  // where it starts in out_
    int open_options;   // groups to close at its end, that inline options opened before it
  };

  [[noreturn]] void fail(const std::string& what) const {
    throw FormatError("regular expression " + detail::quoted(pattern_) + ": expected a supported pattern, found " +
                      what + " at byte " + std::to_string(at_));
  }
  bool more() const { return at_ < pattern_.size(); }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0'; }

  static std::string hex(char32_t point) {
    char text[16];
    std::snprintf(text, sizeof text, "\\x{%x}", static_cast<unsigned>(point));
    return text;
  }
  static std::string ranges_of(const Set& set) {
    std::string text;
    for (const auto& range : set.ranges()) {
      // PCRE2 refuses surrogates, which no valid text holds.
      const auto put = [&](std::uint32_t first, std::uint32_t last) {
        if (first > last) return;
        text += hex(first);
        if (last > first) text += '-' + hex(last);
      };
      if (range.last < 0xD800 || range.first > 0xDFFF) {
        put(range.first, range.last);
      } else {
        if (range.first < 0xD800) put(range.first, 0xD7FF);
        if (range.last > 0xDFFF) put(0xE000, range.last);
      }
    }
    return text;
  }
  static std::string class_of(const Set& set, bool negated) {
    const std::string ranges = ranges_of(set);
    if (ranges.empty()) return negated ? "(?s:.)" : "(?!)";
    return (negated ? "[^" : "[") + ranges + "]";
  }

  void step() {
    const char c = peek();
    switch (c) {
      case '\\':
        atom_ = out_.size();
        return escape();
      case '[': {
        atom_ = out_.size();
        bool negated = false;
        const Set set = bracket(negated, 0);
        out_ += class_of(set, negated);
        return;
      }
      case '(':
        return open_group();
      case ')':
        return close_group();
      case '*':
      case '+':
      case '?':
        if (out_.size() == atom_ || at_ == 0) fail("a quantifier without anything before it");
        ++at_;
        out_ += c;
        if (peek() == '?' || peek() == '+') out_ += pattern_[at_++];
        wrap_if_repeated();
        return;
      case '{':
        return interval();
      case '|':
        out_ += pattern_[at_++];
        atom_ = out_.size();
        return;
      default:
        atom_ = out_.size();
        const std::size_t size = unicode::utf8_size(c);
        out_.append(pattern_, at_, size);
        at_ += size;
    }
  }

  /// Makes what was repeated a group where another quantifier follows.
  void wrap_if_repeated() {
    if (peek() == '*' || peek() == '+' || peek() == '?' || (peek() == '{' && interval_size() > 0)) {
      out_.insert(atom_, "(?:");
      out_ += ')';
    }
  }

  /// The length of "{n,m}" at the current place; 0 when the brace is a literal one.
  std::size_t interval_size() const {
    std::size_t i = at_ + 1;
    std::size_t digits = 0, commas = 0;
    for (; i < pattern_.size() && pattern_[i] != '}'; ++i) {
      if (pattern_[i] == ',') {
        ++commas;
      } else if (pattern_[i] >= '0' && pattern_[i] <= '9') {
        ++digits;
      } else {
        return 0;
      }
    }
    return i < pattern_.size() && digits > 0 && commas <= 1 ? i + 1 - at_ : 0;
  }

  void interval() {
    const std::size_t size = interval_size();
    if (size == 0) {
      atom_ = out_.size();
      out_ += "\\{";
      ++at_;
      return;
    }
    if (out_.size() == atom_) fail("a quantifier without anything before it");
    const std::string_view text = pattern_.substr(at_, size);
    out_ += text[1] == ',' ? "{0" + std::string(text.substr(1)) : std::string(text);
    at_ += size;
    const bool exact = text.find(',') == std::string_view::npos;
    if (peek() == '?' && !exact) out_ += pattern_[at_++];  // {n,m}? is reluctant, {n}? is an optional group
    wrap_if_repeated();
  }

  void open_group() {
    const std::size_t begin = out_.size();
    if (peek(1) == '*') fail("'(*'");
    if (peek(1) != '?') {
      // Nothing asks for the text of a group unless a back reference does, so captures stay.
      out_ += '(';
      ++at_;
      return groups_.push_back({begin, std::exchange(open_options_, 0)}), enter();
    }
    const std::size_t kind = at_ + 2;
    if (peek(2) == '#') {  // a comment
      while (more() && peek() != ')') ++at_;
      if (!more()) fail("an unclosed comment");
      ++at_;
      return;
    }
    if (peek(2) == ':' || peek(2) == '=' || peek(2) == '!' || peek(2) == '>' || peek(2) == '<' || peek(2) == '~') {
      if (peek(2) == '~') fail("an absence operator");
      std::size_t end = kind + 1;
      if (peek(2) == '<') {
        if (peek(3) == '=' || peek(3) == '!') {
          end = kind + 2;
        } else {
          end = pattern_.find('>', kind);
          if (end == std::string_view::npos) fail("an unclosed name");
          ++end;
        }
      }
      out_ += pattern_.substr(at_, end - at_);
      at_ = end;
      return groups_.push_back({begin, std::exchange(open_options_, 0)}), enter();
    }
    std::size_t end = kind;
    std::string options;
    for (; end < pattern_.size() && pattern_[end] != ')' && pattern_[end] != ':'; ++end) {
      const char option = pattern_[end];
      if (option != 'i' && option != 'm' && option != 'x' && option != '-') fail("an unknown option of a group");
      options += option == 'm' ? 's' : option;
    }
    if (end == pattern_.size()) fail("an unclosed group");
    out_ += "(?" + options + ":";
    at_ = end + 1;
    if (pattern_[end] == ':') {
      groups_.push_back({begin, std::exchange(open_options_, 0)});
    } else {
      ++open_options_;
    }
    enter();
  }
  void enter() { atom_ = out_.size(); }

  void close_group() {
    if (groups_.empty()) fail("an unmatched ')'");
    for (; open_options_ > 0; --open_options_) out_ += ')';
    out_ += ')';
    ++at_;
    atom_ = groups_.back().begin;
    open_options_ = groups_.back().open_options;
    groups_.pop_back();
  }

  /// `\x41`, `\x{1F600}`, `\u0041`, `\t` and escaped characters; nothing when it is no single character.
  std::optional<char32_t> escaped_character(bool in_class) {
    const char c = peek(1);
    const auto digits = [&](std::size_t from, std::size_t most) -> std::pair<char32_t, std::size_t> {
      char32_t value = 0;
      std::size_t i = from;
      for (; i < pattern_.size() && i - from < most; ++i) {
        const char d = pattern_[i];
        const int digit = d >= '0' && d <= '9'                 ? d - '0'
                          : (d | 32) >= 'a' && (d | 32) <= 'f' ? (d | 32) - 'a' + 10
                                                               : -1;
        if (digit < 0) break;
        value = value * 16 + static_cast<char32_t>(digit);
        if (value > unicode::last_code_point) fail("a character past the last one");
      }
      return {value, i};
    };
    switch (c) {
      case 't':
        return at_ += 2, U'\t';
      case 'n':
        return at_ += 2, U'\n';
      case 'r':
        return at_ += 2, U'\r';
      case 'f':
        return at_ += 2, U'\f';
      case 'v':
        return at_ += 2, U'\v';
      case 'a':
        return at_ += 2, U'\a';
      case 'e':
        return at_ += 2, U'\x1B';
      case '0':
        return at_ += 2, U'\0';
      case 'b':
        if (!in_class) return std::nullopt;
        return at_ += 2, U'\b';
      case 'x':
      case 'u': {
        const bool braced = c == 'x' && peek(2) == '{';
        const std::size_t from = at_ + (braced ? 3 : 2);
        const auto [value, end] = digits(from, braced ? 8 : c == 'x' ? 2 : 4);
        if (end == from || (braced && (end >= pattern_.size() || pattern_[end] != '}')) ||
            (value >= 0xD800 && value < 0xE000))
          fail("a broken escape");
        at_ = end + (braced ? 1 : 0);
        return value;
      }
      default:
        break;
    }
    const bool alphanumeric = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
    if (alphanumeric || at_ + 1 >= pattern_.size()) return std::nullopt;
    ++at_;
    return unicode::utf8_next(pattern_, at_);
  }

  /// `\s`, `\P{Lu}` and their like; nothing when it is no class.
  std::optional<std::pair<Set, bool>> escaped_class() {
    const char c = peek(1);
    std::optional<Set> set;
    switch (c | 32) {
      case 's':
        set = unicode::space_set();
        break;
      case 'd':
        set = unicode::category_set("Nd");
        break;
      case 'w':
        set = unicode::word_set();
        break;
      case 'h':
        set = Set::of({{'0', '9'}, {'A', 'F'}, {'a', 'f'}});
        break;
      case 'p': {
        const std::size_t end = peek(2) == '{' ? pattern_.find('}', at_) : std::string_view::npos;
        if (end == std::string_view::npos) fail("a property without braces");
        std::string_view name = pattern_.substr(at_ + 3, end - at_ - 3);
        const bool negated = name.starts_with('^');
        if (negated) name.remove_prefix(1);
        set = unicode::category_set(name);
        if (!set) set = unicode::named_set(name);
        if (!set) fail("the unknown property " + detail::quoted(name));
        at_ = end + 1;
        return std::pair(*set, negated != (c == 'P'));
      }
      default:
        return std::nullopt;
    }
    at_ += 2;
    return std::pair(*set, c < 'a');
  }

  void escape() {
    if (const auto point = escaped_character(false)) {
      out_ += hex(*point);
      return;
    }
    if (const auto known = escaped_class()) {
      out_ += class_of(known->first, known->second);
      return;
    }
    const char c = peek(1);
    const std::string word = class_of(unicode::word_set(), false);
    if (c == 'b') {
      out_ += "(?:(?<=" + word + ")(?!" + word + ")|(?<!" + word + ")(?=" + word + "))";
    } else if (c == 'B') {
      out_ += "(?:(?<=" + word + ")(?=" + word + ")|(?<!" + word + ")(?!" + word + "))";
    } else if (c == 'A' || c == 'z' || c == 'Z' || c == 'G' || (c >= '1' && c <= '9')) {
      out_ += '\\';
      out_ += c;
    } else {
      fail("an unsupported escape");
    }
    at_ += 2;
  }

  /// A bracketed class, nested ones and intersections worked out; stands on '[', ends after ']'.
  Set bracket(bool& negated, int depth) {
    if (depth > 16) fail("classes nested too deep");
    ++at_;
    negated = peek() == '^';
    if (negated) ++at_;
    std::optional<Set> intersected;
    std::vector<Set::Range> ranges;
    Set sets;
    bool first = true;
    while (true) {
      if (!more()) fail("an unclosed class");
      if (peek() == ']' && !first) break;
      first = false;
      if (posix_bracket()) {
        const bool other = peek(2) == '^';
        const std::size_t begin = at_ + (other ? 3 : 2);
        const std::size_t end = pattern_.find(':', begin);
        const std::string_view name = pattern_.substr(begin, end - begin);
        const std::optional<Set> named = unicode::named_set(name == "punct" ? "PosixPunct" : name);
        if (!named) fail("an unknown POSIX bracket");
        sets = sets.united(other ? named->complement() : *named);
        at_ = end + 2;
        continue;
      }
      if (peek() == '[') {
        bool inner_negated = false;
        const Set inner = bracket(inner_negated, depth + 1);
        sets = sets.united(inner_negated ? inner.complement() : inner);
        continue;
      }
      if (peek() == '&' && peek(1) == '&') {
        at_ += 2;
        const Set left = sets.united(Set::of(std::exchange(ranges, {})));
        intersected = intersected ? intersected->intersected(left) : left;
        sets = Set();
        continue;
      }
      const std::optional<char32_t> low = class_character(sets);
      if (!low) continue;
      char32_t high = *low;
      if (peek() == '-' && peek(1) != ']' && peek(1) != '\0') {
        ++at_;
        const std::optional<char32_t> end = peek() == '[' ? std::nullopt : class_character(sets);
        if (!end || *end < *low) fail("a broken range");
        high = *end;
      }
      ranges.push_back({static_cast<std::uint32_t>(*low), static_cast<std::uint32_t>(high)});
    }
    ++at_;
    Set result = sets.united(Set::of(std::move(ranges)));
    return intersected ? intersected->intersected(result) : result;
  }

  /// Whether "[:alpha:]" or its like stands here; any other "[:" is a nested class.
  bool posix_bracket() const {
    if (peek() != '[' || peek(1) != ':') return false;
    std::size_t i = at_ + (peek(2) == '^' ? 3 : 2);
    const std::size_t begin = i;
    while (i < pattern_.size() && ((pattern_[i] | 32) >= 'a' && (pattern_[i] | 32) <= 'z')) ++i;
    return i > begin && pattern_.substr(i, 2) == ":]";
  }

  /// One member of a class: a character, or nothing when it was a class of its own, added to `sets`.
  std::optional<char32_t> class_character(Set& sets) {
    if (peek() != '\\') return unicode::utf8_next(pattern_, at_);
    if (const auto point = escaped_character(true)) return point;
    const auto known = escaped_class();
    if (!known) fail("an unsupported escape in a class");
    sets = sets.united(known->second ? known->first.complement() : known->first);
    return std::nullopt;
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  std::string out_;
  std::size_t atom_ = 0;  // where what a quantifier repeats starts in out_
  std::vector<Group> groups_;
  int open_options_ = 0;
};

}  // namespace headformer::detail
