#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/generate/constrained/grammar.hpp"
#include "headformer/generate/constrained/grammar_text.hpp"

namespace headformer {
namespace detail {

/// Reads llama.cpp's GBNF (grammars/README.md there): rules `name ::= alternatives`, of "literals", [classes], `.`,
/// names and (groups), with * + ? and {m,n} behind them, and # comments.
class GbnfParser {
 public:
  GbnfParser(std::string_view text, const std::string& about) : text_(text, about), about_(about) {}

  Grammar parse() {
    skip(true);
    while (!text_.at_end()) {
      const std::string name = this->name();
      skip(false);
      text_.expect("::=");
      skip(true);
      const auto part = part_of(name);
      if (defined_[name]) text_.fail("one rule for " + name + ", before this");
      defined_[name] = true;
      builder_.define(part, alternatives(0));
      if (!text_.at_end() && !text_.looks_at("\n") && !text_.looks_at("\r")) text_.fail("the end of the rule");
      skip(true);
    }
    for (const auto& [name, part] : parts_)
      if (!defined_[name]) throw ArgumentError(about_ + ": expected a rule for " + name + ", found none");
    if (!parts_.contains("root")) throw ArgumentError(about_ + ": expected a rule root, found none");
    return builder_.finish(parts_.at("root"), about_);
  }

 private:
  using Part = GrammarBuilder::Part;

  static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  }
  std::string name() {
    std::string name;
    while (is_word(text_.peek())) name.push_back(static_cast<char>(text_.code_point()));
    if (name.empty()) text_.fail("a rule's name");
    return name;
  }
  Part part_of(const std::string& name) {
    const auto [at, fresh] = parts_.try_emplace(name, 0);
    if (fresh) {
      at->second = builder_.declare();
      builder_.name(at->second, name);
    }
    return at->second;
  }

  /// Blanks and comments; ends of lines too where they mean nothing.
  void skip(bool lines) {
    while (true) {
      if (text_.take(" ") || text_.take("\t")) continue;
      if (text_.looks_at("#")) {
        while (!text_.at_end() && !text_.looks_at("\n") && !text_.looks_at("\r")) text_.code_point();
        continue;
      }
      if (lines && (text_.take("\n") || text_.take("\r"))) continue;
      return;
    }
  }
  /// Whether the next line goes on with another alternative.
  bool another_alternative(bool nested) {
    const std::size_t before = text_.position();
    skip(true);
    if (text_.take("|")) return true;
    if (!nested) text_.go_back(before);
    return false;
  }

  std::vector<std::vector<Part>> alternatives(int depth) {
    if (depth > deepest_group) text_.fail("at most " + std::to_string(deepest_group) + " groups in each other");
    std::vector<std::vector<Part>> result;
    do {
      skip(true);
      result.push_back(sequence(depth));
    } while (another_alternative(depth > 0));
    return result;
  }

  std::vector<Part> sequence(int depth) {
    std::vector<Part> parts;
    while (true) {
      skip(depth > 0);
      Part part = 0;
      if (text_.take("\"")) {
        part = literal();
      } else if (text_.take("[")) {
        part = builder_.points(char_class());
      } else if (text_.take(".")) {
        part = builder_.points(CodePoints::all());
      } else if (text_.take("(")) {
        part = builder_.declare();
        builder_.define(part, alternatives(depth + 1));
        skip(true);
        text_.expect(")");
      } else if (is_word(text_.peek())) {
        const std::size_t before = text_.position();
        const std::string name = this->name();
        skip(false);
        if (text_.looks_at("::=")) {  // the next rule
          text_.go_back(before);
          return parts;
        }
        part = part_of(name);
      } else {
        return parts;
      }
      parts.push_back(repeated(part));
    }
  }

  Part repeated(Part part) {
    while (true) {
      skip(false);
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
    }
  }

  Part literal() {
    std::string bytes;
    while (!text_.take("\"")) append_utf8(bytes, character());
    return builder_.text(bytes);
  }
  CodePoints char_class() {
    const bool negated = text_.take("^");
    CodePoints points;
    while (!text_.take("]")) {
      const char32_t first = character();
      char32_t last = first;
      if (text_.looks_at("-") && !text_.looks_at("-]")) {
        text_.expect("-");
        last = character();
        if (last < first) text_.fail("a range that ascends, before this");
      }
      points.add(first, last);
    }
    return negated ? points.complement() : points;
  }
  char32_t character() {
    if (!text_.take("\\")) return text_.code_point();
    if (text_.take("x")) return text_.hexadecimal(2);
    if (text_.take("u")) return text_.hexadecimal(4);
    if (text_.take("U")) return text_.hexadecimal(8);
    if (text_.take("n")) return U'\n';
    if (text_.take("r")) return U'\r';
    if (text_.take("t")) return U'\t';
    for (const char* plain : {"\\", "\"", "[", "]", "-", "^"})
      if (text_.take(plain)) return static_cast<char32_t>(*plain);
    text_.fail("an escape: one of \\ \" [ ] n r t x u U");
  }

  GrammarText text_;
  std::string about_;
  GrammarBuilder builder_;
  std::map<std::string, Part> parts_;
  std::map<std::string, bool> defined_;
};

}  // namespace detail

/// The grammar that a text of llama.cpp's GBNF describes, from its rule `root`. Throws ArgumentError, which names
/// `about` and the line, for what is no GBNF, left recursion, and a grammar that no text matches.
inline Grammar parse_gbnf(std::string_view text, const std::string& about = "grammar") {
  return detail::GbnfParser(text, about).parse();
}

/// The grammar of a few texts, of which one is to be chosen. Throws ArgumentError for none.
inline Grammar grammar_of_choices(const std::vector<std::string>& choices, const std::string& about = "choices") {
  GrammarBuilder builder;
  std::vector<GrammarBuilder::Part> parts;
  for (const std::string& choice : choices) parts.push_back(builder.text(choice));
  if (parts.empty()) throw ArgumentError(about + ": expected one text or more, found none");
  return builder.finish(builder.any_of(parts), about);
}

}  // namespace headformer
