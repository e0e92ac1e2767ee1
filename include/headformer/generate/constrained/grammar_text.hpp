#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "headformer/core/error.hpp"
#include "headformer/generate/constrained/code_points.hpp"

namespace headformer::detail {

/// Reads a grammar's or an expression's text, one code point after another; its errors say where.
class GrammarText {
 public:
  GrammarText(std::string_view text, std::string about) : text_(text), about_(std::move(about)) {}

  bool at_end() const { return at_ == text_.size(); }
  std::size_t position() const { return at_; }
  void go_back(std::size_t position) { at_ = position; }
  bool looks_at(std::string_view expected) const { return text_.substr(at_).starts_with(expected); }
  bool take(std::string_view expected) {
    if (!looks_at(expected)) return false;
    at_ += expected.size();
    return true;
  }
  void expect(std::string_view expected) {
    if (!take(expected)) fail("'" + std::string(expected) + "'");
  }
  /// The byte that comes; 0 at the end.
  char peek() const { return at_end() ? '\0' : text_[at_]; }

  char32_t code_point() {
    if (at_end()) fail("a character");
    const auto byte = [&](std::size_t i) {
      return at_ + i < text_.size() ? static_cast<unsigned char>(text_[at_ + i]) : 0U;
    };
    const unsigned first = byte(0);
    const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    char32_t c = length == 1 ? first : first & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
      if ((byte(i) & 0xc0U) != 0x80) fail("UTF-8");
      c = c << 6 | (byte(i) & 0x3fU);
    }
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || c < least[length] || !is_scalar(c)) fail("UTF-8");
    at_ += length;
    return c;
  }

  /// Exactly `digits` hexadecimal digits, which name a character.
  char32_t hexadecimal(int digits) {
    char32_t value = 0;
    for (int i = 0; i < digits; ++i) value = value * 16 + hexadecimal_digit();
    return scalar(value);
  }
  char32_t hexadecimal_digit() {
    const char c = peek();
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) fail("a hexadecimal digit");
    ++at_;
    return static_cast<char32_t>(digit);
  }
  char32_t scalar(char32_t value) {
    if (!is_scalar(value)) fail("a Unicode character before this");
    return value;
  }

  /// A decimal number; nothing where none is.
  std::optional<std::size_t> number() {
    if (peek() < '0' || peek() > '9') return std::nullopt;
    std::size_t value = 0;
    while (peek() >= '0' && peek() <= '9') {
      value = value * 10 + static_cast<std::size_t>(peek() - '0');
      if (value > most_repetitions) fail("a count of at most " + std::to_string(most_repetitions));
      ++at_;
    }
    return value;
  }
  static constexpr std::size_t most_repetitions = 100000;

  /// {m}, {m,}, {m,n} or {,n}, behind the brace.
  struct Bounds {
    std::size_t least;
    std::size_t most;
  };
  Bounds bounds(std::size_t unlimited) {
    const auto least = number();
    Bounds bounds{least.value_or(0), unlimited};
    if (take(",")) {
      if (const auto most = number())
        bounds.most = *most;
      else if (!least)
        fail("a number");
    } else {
      if (!least) fail("a number");
      bounds.most = bounds.least;
    }
    expect("}");
    if (bounds.most < bounds.least) fail("at most no less than at least, before this");
    return bounds;
  }

  [[noreturn]] void fail(const std::string& expected) const {
    std::size_t line = 1;
    std::size_t column = 1;
    for (std::size_t i = 0; i < at_; ++i) {
      const auto byte = static_cast<unsigned char>(text_[i]);
      if (byte == '\n') {
        ++line;
        column = 1;
      } else if ((byte & 0xc0U) != 0x80) {
        ++column;
      }
    }
    throw ArgumentError(about_ + ": line " + std::to_string(line) + ", column " + std::to_string(column) +
                        ": expected " + expected + ", found " +
                        (at_end() ? std::string("the end") : quoted(text_.substr(at_, 20))));
  }

 private:
  static bool is_scalar(char32_t c) { return c <= CodePoints::greatest && (c < 0xd800 || c > 0xdfff); }

  std::string_view text_;
  std::string about_;
  std::size_t at_ = 0;
};

/// How deep groups may lie in each other: what reads them calls itself.
inline constexpr int deepest_group = 200;

}  // namespace headformer::detail
