#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/preprocess/jinja/lexer.hpp"

namespace headformer::jinja {

/// Walks over the tokens of a template, and says what was expected where they do not fit.
class TokenCursor {
 public:
  TokenCursor(std::vector<Token> tokens, std::string name) : name_(std::move(name)), tokens_(std::move(tokens)) {}

 protected:
  [[noreturn]] void fail(Position position, const std::string& message) const {
    throw FormatError(place(name_, position) + ": " + message);
  }
  const Token& current() const { return tokens_[at_]; }
  const Token& look() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  const Token& next() {
    const Token& token = tokens_[at_];
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  static std::string describe(const Token& token) {
    switch (token.kind) {
      case TokenKind::data:
        return "text";
      case TokenKind::block_begin:
        return "'{%'";
      case TokenKind::block_end:
        return "'%}'";
      case TokenKind::variable_begin:
        return "'{{'";
      case TokenKind::variable_end:
        return "'}}'";
      case TokenKind::string:
        return "a string";
      case TokenKind::integer:
      case TokenKind::floating:
        return "a number";
      case TokenKind::end:
        return "the end of the template";
      default:
        return headformer::detail::quoted(token.text, 60);
    }
  }
  [[noreturn]] void expected(const std::string& what) const {
    fail(current().position, "expected " + what + ", found " + describe(current()));
  }
  bool skip_name(std::string_view name) {
    if (!current().is_name(name)) return false;
    next();
    return true;
  }
  bool skip_symbol(std::string_view symbol) {
    if (!current().is_symbol(symbol)) return false;
    next();
    return true;
  }
  void expect_symbol(std::string_view symbol) {
    if (!skip_symbol(symbol)) expected("'" + std::string(symbol) + "'");
  }
  void expect_name(std::string_view name) {
    if (!skip_name(name)) expected("'" + std::string(name) + "'");
  }
  std::string expect_any_name(const char* what = "a name") {
    if (current().kind != TokenKind::name) expected(what);
    return next().text;
  }

  std::string name_;
  std::vector<Token> tokens_;  // the last is the template's end
  std::size_t at_ = 0;
};

}  // namespace headformer::jinja
