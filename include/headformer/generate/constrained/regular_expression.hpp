#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/generate/constrained/grammar.hpp"
#include "headformer/generate/constrained/grammar_text.hpp"

namespace headformer {
namespace detail {

/// Reads a regular expression that is one: literals, `.` (no line break), [classes], \d \w \s \D \W \S, groups
/// (captured, named or not), |, * + ? {m,n} (lazy ones match the same texts), ^ and $ at its ends, and the escapes
/// \n \r \t \f \v \0 \xHH \uHHHH \u{H...} \cX. What needs more than an automaton (lookaround, back references) or a
/// dialect (\b, \p, flags) is an error that names it.
///
/// Dialects differ in what \d, \w and \s are beyond ASCII: where they are asked for they are ASCII, and where they are
/// excluded everything beyond it is as well, so that each dialect agrees with what is matched.
class RegularExpressionParser {
 public:
  using Part = GrammarBuilder::Part;
  /// What a character of a set is written as; a string of JSON writes some of them with an escape.
  using Write = std::function<Part(const CodePoints&)>;

  RegularExpressionParser(std::string_view text, const std::string& about, GrammarBuilder& builder, Write write)
      : text_(text, about), builder_(builder), write_(std::move(write)) {}

  /// Texts that the expression matches as a whole.
  Part whole() {
    return alternatives(0, true, [&](Part part, bool, bool) { return part; });
  }
  /// Texts that have a match somewhere in them: before and behind it anything, but where ^ and $ say otherwise.
  Part anywhere() {
    const Part anything = builder_.repeat(write_(CodePoints::all()), 0, GrammarBuilder::unlimited);
    return alternatives(0, true, [&](Part part, bool from_start, bool to_end) {
      std::vector<Part> parts;
      if (!from_start) parts.push_back(anything);
      parts.push_back(part);
      if (!to_end) parts.push_back(anything);
      return builder_.sequence(std::move(parts));
    });
  }

 private:
  /// What a class has for certain, and at most.
  struct Class {
    CodePoints surely;
    CodePoints perhaps;
    void add(const Class& other) {
      surely.add(other.surely);
      perhaps.add(other.perhaps);
    }
    Class negated() const { return {perhaps.complement(), surely.complement()}; }
  };

  template <class Finish>
  Part alternatives(int depth, bool outermost, Finish finish) {
    if (depth > deepest_group) text_.fail("at most " + std::to_string(deepest_group) + " groups in each other");
    std::vector<Part> result;
    do {
      bool from_start = false;
      while (outermost && text_.take("^")) from_start = true;
      std::vector<Part> parts;
      while (!text_.at_end() && !text_.looks_at("|") && !text_.looks_at(")") && !text_.looks_at("$"))
        parts.push_back(repeated(depth));
      bool to_end = false;
      while (outermost && text_.take("$")) to_end = true;
      if (!text_.at_end() && !text_.looks_at("|") && (outermost || !text_.looks_at(")")))
        text_.fail(
            outermost
                ? "^ and $ at the ends of the expression and of its outermost alternatives only, and groups that begin"
                : "a group that ends, without ^ and $ inside");
      result.push_back(finish(builder_.sequence(std::move(parts)), from_start, to_end));
    } while (text_.take("|"));
    return builder_.any_of(result);
  }

  Part repeated(int depth) {
    Part part = atom(depth);
    while (true) {
      if (text_.take("*"))
        part = builder_.repeat(part, 0, GrammarBuilder::unlimited);
      else if (text_.take("+"))
        part = builder_.repeat(part, 1, GrammarBuilder::unlimited);
      else if (text_.take("?"))
        part = builder_.optional(part);
      else if (text_.take("{")) {
        const auto [least, most] = text_.bounds(GrammarBuilder::unlimited);
        part = builder_.repeat(part, least, most);
      } else {
        return part;
      }
      text_.take("?");  // lazy
      if (text_.looks_at("+")) text_.fail("no possessive repetition");
      if (text_.looks_at("*") || text_.looks_at("?") || text_.looks_at("{")) text_.fail("something to repeat");
    }
  }

  Part atom(int depth) {
    if (text_.take("(")) {
      if (text_.take("?")) {
        if (text_.take("P<") ||
            (text_.looks_at("<") && !text_.looks_at("<=") && !text_.looks_at("<!") && text_.take("<")))
          while (!text_.take(">")) text_.code_point();
        else if (!text_.take(":"))
          text_.fail("a plain, named or (?: group, as lookaround and flags are not regular");
      }
      const Part part = alternatives(depth + 1, false, [](Part inside, bool, bool) { return inside; });
      text_.expect(")");
      return part;
    }
    if (text_.take(".")) {
      CodePoints breaks(U'\n');
      breaks.add(U'\r', U'\r').add(0x2028, 0x2029);
      return write_(breaks.complement());
    }
    if (text_.take("[")) return write_(char_class());
    if (text_.take("\\")) return write_(escape(false).surely);
    for (const char* special : {"*", "+", "?", "^"})
      if (text_.looks_at(special)) text_.fail("something to repeat, or \\ before a special character");
    return write_(CodePoints(text_.code_point()));
  }

  CodePoints char_class() {
    const bool negated = text_.take("^");
    Class result;
    bool first = true;
    for (; first || !text_.looks_at("]"); first = false) {
      if (text_.looks_at("[:")) text_.fail("no POSIX class");
      if (text_.at_end()) text_.fail("]");
      if (first && text_.looks_at("]")) break;  // [] matches nothing, [^] everything
      Class item = member();
      if (text_.looks_at("-") && !text_.looks_at("-]") && is_single(item)) {
        text_.expect("-");
        const Class end = member();
        if (!is_single(end)) text_.fail("a character at the end of a range, before this");
        const char32_t from = item.surely.ranges()[0].first;
        const char32_t to = end.surely.ranges()[0].first;
        if (to < from) text_.fail("a range that ascends, before this");
        item = only({from, to});
      }
      result.add(item);
    }
    text_.expect("]");
    return (negated ? result.negated() : result).surely;
  }
  Class member() { return text_.take("\\") ? escape(true) : only(CodePoints(text_.code_point())); }
  static bool is_single(const Class& item) {
    return item.surely.ranges().size() == 1 && item.surely.ranges()[0].first == item.surely.ranges()[0].second;
  }
  static Class only(const CodePoints& points) { return {points, points}; }

  /// Behind the backslash.
  Class escape(bool in_class) {
    const auto ascii = [](CodePoints points) {
      CodePoints perhaps = points;
      perhaps.add(0x80, CodePoints::greatest);
      return Class{std::move(points), std::move(perhaps)};
    };
    CodePoints digits(U'0', U'9');
    CodePoints words = digits;
    words.add(U'a', U'z').add(U'A', U'Z').add(U'_', U'_');
    CodePoints spaces(U'\t', U'\r');
    spaces.add(U' ', U' ');
    // Python's \s has the separators 1c to 1f, ECMAScript's has not.
    Class space = ascii(spaces);
    space.perhaps.add(0x1c, 0x1f);
    if (text_.take("d")) return ascii(digits);
    if (text_.take("D")) return ascii(digits).negated();
    if (text_.take("w")) return ascii(words);
    if (text_.take("W")) return ascii(words).negated();
    if (text_.take("s")) return space;
    if (text_.take("S")) return space.negated();
    constexpr std::pair<const char*, char32_t> names[] = {
        {"n", U'\n'}, {"r", U'\r'}, {"t", U'\t'}, {"f", U'\f'}, {"v", U'\v'}};
    for (const auto& [name, value] : names)
      if (text_.take(name)) return only(CodePoints(value));
    if (in_class && text_.take("b")) return only(CodePoints(U'\b'));
    if (text_.take("x")) return only(CodePoints(text_.hexadecimal(2)));
    if (text_.take("u{")) {
      char32_t value = 0;
      while (!text_.take("}")) {
        value = value * 16 + text_.hexadecimal_digit();
        if (value > CodePoints::greatest) text_.fail("a Unicode character before this");
      }
      return only(CodePoints(text_.scalar(value)));
    }
    if (text_.take("u")) return only(CodePoints(text_.hexadecimal(4)));
    if (text_.take("c")) {
      const char32_t letter = text_.code_point() | 0x20U;
      if (letter < U'a' || letter > U'z') text_.fail("a letter behind \\c, before this");
      return only(CodePoints(letter - U'a' + 1));
    }
    if (text_.take("0")) {
      if (text_.peek() >= '0' && text_.peek() <= '9') text_.fail("no octal escape");
      return only(CodePoints(U'\0'));
    }
    if (const char c = text_.peek(); (c >= '1' && c <= '9') || c == 'k')
      text_.fail("no back reference, as it is not regular");
    if (const char c = text_.peek(); (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
      text_.fail("an escape of a regular expression (\\d \\w \\s \\n \\t \\xHH ...)");
    return only(CodePoints(text_.code_point()));
  }

  GrammarText text_;
  GrammarBuilder& builder_;
  Write write_;
};

}  // namespace detail

/// The grammar of the texts that a regular expression matches as a whole; see RegularExpressionParser for its dialect.
/// Throws ArgumentError, which names `about` and the place, for what is none.
inline Grammar grammar_of_regular_expression(std::string_view expression, const std::string& about = "regex") {
  GrammarBuilder builder;
  detail::RegularExpressionParser parser(expression, about, builder,
                                         [&](const CodePoints& points) { return builder.points(points); });
  return builder.finish(parser.whole(), about);
}

}  // namespace headformer
