#pragma once

#include <array>
#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/preprocess/jinja/value.hpp"

namespace headformer::jinja {

/// "name:line:column", the beginning of every message about a template.
inline std::string place(const std::string& name, Position position) {
  return name + ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
}

enum class TokenKind {
  data,            // text outside of tags
  block_begin,     // {%
  block_end,       // %}
  variable_begin,  // {{
  variable_end,    // }}
  name,
  string,
  integer,
  floating,
  symbol,  // an operator or a bracket: its characters
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;  // data, name, symbol; a string's value
  Value value;       // integer, floating
  Position position;

  bool is_name(std::string_view name) const { return kind == TokenKind::name && text == name; }
  bool is_symbol(std::string_view symbol) const { return kind == TokenKind::symbol && text == symbol; }
};

/// Cuts a template into tokens as Jinja's lexer does with trim_blocks and lstrip_blocks: the newline behind a block or
/// comment goes, and so do the blanks before one that begins a line; `-` strips all white space on its side, `+` keeps
/// it. Comments and the tags of {% raw %} leave no token.
class Lexer {
 public:
  /// `name`: how messages call the template.
  Lexer(std::string_view source, std::string name) : name_(std::move(name)) {
    source_.reserve(source.size());
    for (std::size_t i = 0; i < source.size(); ++i) {  // \r\n and \r are newlines
      if (source[i] != '\r') {
        source_ += source[i];
      } else if (i + 1 == source.size() || source[i + 1] != '\n') {
        source_ += '\n';
      }
    }
    if (source_.ends_with('\n')) source_.pop_back();  // one trailing newline does not count
  }

  /// All tokens, the last of kind `end`. Throws FormatError with line and column.
  std::vector<Token> run() {
    while (at_ < source_.size()) text();
    tokens_.push_back({TokenKind::end, "", Value(), position(source_.size())});
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fail(std::size_t at, const std::string& message) {
    throw FormatError(place(name_, position(at)) + ": " + message);
  }

  /// Line and column of an offset; offsets come in ascending order but for errors.
  Position position(std::size_t offset) {
    if (offset < counted_) {
      counted_ = 0;
      counted_position_ = {};
    }
    while (counted_ < offset) {
      if (source_[counted_] == '\n') {
        ++counted_position_.line;
        counted_position_.column = 1;
        ++counted_;
      } else {
        decode(source_, counted_);
        ++counted_position_.column;
      }
    }
    return counted_position_;
  }

  bool looking_at(std::string_view text, std::size_t at) const {
    return std::string_view(source_).substr(std::min(at, source_.size())).starts_with(text);
  }
  std::size_t skip_space(std::size_t at) const {
    while (at < source_.size()) {
      std::size_t next = at;
      if (!is_space(decode(source_, next))) break;
      at = next;
    }
    return at;
  }
  void push(TokenKind kind, std::string text, std::size_t at, Value value = {}) {
    tokens_.push_back({kind, std::move(text), std::move(value), position(at)});
  }

  /// The text up to the next tag, and what the tag begins.
  void text() {
    const std::size_t begin = at_;
    std::size_t tag = begin;
    for (;; ++tag) {
      tag = source_.find('{', tag);
      if (tag == std::string::npos || tag + 1 >= source_.size()) {
        add_data(begin, source_.size());
        at_ = source_.size();
        return;
      }
      const char next = source_[tag + 1];
      if (next == '%' || next == '{' || next == '#') break;
    }
    const char kind = source_[tag + 1];
    std::size_t inside = tag + 2;
    const char sign =
        inside < source_.size() && (source_[inside] == '-' || source_[inside] == '+') ? source_[inside] : ' ';
    if (sign != ' ') ++inside;
    const std::size_t raw = kind == '%' ? raw_tag_end(inside) : std::string::npos;

    add_data(begin, stripped_end(begin, tag, sign, kind != '{'));
    at_ = inside;
    if (kind == '#') {
      comment(tag);
    } else if (raw != std::string::npos) {
      at_ = raw;
      line_starting_ = source_[raw - 1] == '\n';
      raw_text(tag);
    } else {
      push(kind == '%' ? TokenKind::block_begin : TokenKind::variable_begin, "", tag);
      line_starting_ = false;
      tag_body(kind == '%', tag);
    }
  }

  /// Where the text [begin, tag) ends once the tag's sign and lstrip_blocks have stripped it.
  std::size_t stripped_end(std::size_t begin, std::size_t tag, char sign, bool block) const {
    const std::string_view text = std::string_view(source_).substr(begin, tag - begin);
    if (sign == '-') {
      std::size_t kept = 0;
      for (std::size_t at = 0; at < text.size();)
        if (!is_space(decode(text, at))) kept = at;
      return begin + kept;
    }
    if (sign == '+' || !block) return tag;
    const std::size_t newline = text.rfind('\n');
    const std::size_t line = newline == text.npos ? 0 : newline + 1;
    if (line == 0 && !line_starting_) return tag;
    return skip_space(begin + line) >= tag ? begin + line : tag;
  }

  void add_data(std::size_t begin, std::size_t end) {
    if (end > begin) push(TokenKind::data, source_.substr(begin, end - begin), begin);
  }

  /// The offset behind "raw %}" if the block that begins at `at` is that, else npos. (It does not take the newline.)
  std::size_t raw_tag_end(std::size_t at) const {
    at = skip_space(at);
    if (!looking_at("raw", at)) return std::string::npos;
    at = skip_space(at + 3);
    if (looking_at("-%}", at)) return skip_space(at + 3);
    return looking_at("%}", at) ? at + 2 : std::string::npos;
  }

  /// The offset behind an end tag ("%}" or "#}") at `at` with its sign, its white space or its newline; npos if there
  /// is none.
  std::size_t end_tag(std::string_view end, std::size_t at) const {
    if (looking_at("+", at) && looking_at(end, at + 1)) return at + 3;
    if (looking_at("-", at) && looking_at(end, at + 1)) return skip_space(at + 3);
    if (!looking_at(end, at)) return std::string::npos;
    return at + 2 + (looking_at("\n", at + 2) ? 1 : 0);
  }

  void comment(std::size_t tag) {
    if (at_ == source_.size()) return;  // the reference looks no further
    for (std::size_t at = at_; at < source_.size(); ++at) {
      const std::size_t end = end_tag("#}", at);
      if (end == std::string::npos) continue;
      line_starting_ = source_[end - 1] == '\n';
      at_ = end;
      return;
    }
    fail(tag, "expected the end of the comment, found the end of the template");
  }

  /// Text up to {% endraw %}, verbatim.
  void raw_text(std::size_t tag) {
    const std::size_t begin = at_;
    if (begin == source_.size()) return;  // likewise
    for (std::size_t at = source_.find("{%", begin); at != std::string::npos; at = source_.find("{%", at + 1)) {
      std::size_t inside = at + 2;
      const char sign =
          inside < source_.size() && (source_[inside] == '-' || source_[inside] == '+') ? source_[inside] : ' ';
      if (sign != ' ') ++inside;
      inside = skip_space(inside);
      if (!looking_at("endraw", inside)) continue;
      const std::size_t end = end_tag("%}", skip_space(inside + 6));
      if (end == std::string::npos) continue;
      add_data(begin, stripped_end(begin, at, sign, true));
      line_starting_ = source_[end - 1] == '\n';
      at_ = end;
      return;
    }
    fail(tag, "expected {% endraw %}, found the end of the template");
  }

  /// The tokens of a block or a variable, to its end.
  void tag_body(bool block, std::size_t tag) {
    std::string brackets;  // the closing ones expected
    while (true) {
      if (brackets.empty()) {
        std::size_t end = std::string::npos;
        if (block) {
          end = end_tag("%}", at_);
        } else if (looking_at("-}}", at_)) {
          end = skip_space(at_ + 3);
        } else if (looking_at("}}", at_)) {
          end = at_ + 2;
        }
        if (end != std::string::npos) {
          push(block ? TokenKind::block_end : TokenKind::variable_end, "", at_);
          line_starting_ = source_[end - 1] == '\n';
          at_ = end;
          return;
        }
      }
      at_ = skip_space(at_);
      if (at_ >= source_.size())
        fail(tag, std::string("expected ") + (block ? "%}" : "}}") + ", found the end of the template");
      if (brackets.empty() && ends_here(block)) continue;
      if (!number() && !word() && !string()) symbol(brackets);
    }
  }
  bool ends_here(bool block) const {
    if (block) return end_tag("%}", at_) != std::string::npos;
    return looking_at("}}", at_) || looking_at("-}}", at_);
  }

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static bool is_word(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  }
  char peek(std::size_t at) const { return at < source_.size() ? source_[at] : '\0'; }

  /// Behind digits with single underscores between them, from `at`; `at` itself when there are none.
  template <class IsDigit>
  std::size_t digits(std::size_t at, IsDigit is) const {
    std::size_t end = at;
    while (is(peek(end)) || (end > at && peek(end) == '_' && is(peek(end + 1)))) ++end;
    return end;
  }

  bool number() {
    const std::size_t begin = at_;
    if (!is_digit(peek(begin))) return false;
    const std::size_t whole = digits(begin, is_digit);
    std::size_t end = whole;
    if (begin == 0 || source_[begin - 1] != '.') {
      if (peek(end) == '.' && is_digit(peek(end + 1))) end = digits(end + 1, is_digit);
      std::size_t exponent = end;
      if (peek(exponent) == 'e' || peek(exponent) == 'E') {
        ++exponent;
        if (peek(exponent) == '+' || peek(exponent) == '-') ++exponent;
        if (is_digit(peek(exponent))) end = digits(exponent, is_digit);
      }
    }
    if (end != whole) {
      const std::string text = without_underscores(begin, end);
      double value = 0;
      const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
      if (parsed.ec == std::errc::result_out_of_range) value = std::strtod(text.c_str(), nullptr);
      push(TokenKind::floating, "", begin, Value(value));
      at_ = end;
      return true;
    }
    unsigned base = 10;
    std::size_t first = begin;
    end = whole;
    if (peek(begin) == '0') {
      const char mark = static_cast<char>(peek(begin + 1) | 0x20);
      const unsigned marked = mark == 'b' ? 2 : mark == 'o' ? 8 : mark == 'x' ? 16 : 0;
      const auto is = [&](char c) { return digit_value(c) < marked; };
      std::size_t from = begin + 2;
      if (marked != 0 && peek(from) == '_' && is(peek(from + 1))) ++from;
      if (marked != 0 && is(peek(from))) {
        base = marked;
        first = from;
        end = digits(from, is);
      } else {
        end = digits(begin, [](char c) { return c == '0'; });  // "012" is 0 and 12, which the parser refuses
      }
    }
    Integer value = 0;
    for (const char c : without_underscores(first, end)) {
      value = value * static_cast<Integer>(base) + static_cast<Integer>(digit_value(c));
      if (value > integer_limit) fail(begin, "the number is too large");
    }
    push(TokenKind::integer, "", begin, Value(value));
    at_ = end;
    return true;
  }
  static unsigned digit_value(char c) {
    if (is_digit(c)) return static_cast<unsigned>(c - '0');
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? static_cast<unsigned>(lower - 'a') + 10 : 99;
  }
  std::string without_underscores(std::size_t begin, std::size_t end) const {
    std::string text;
    for (std::size_t i = begin; i < end; ++i)
      if (source_[i] != '_') text += source_[i];
    return text;
  }

  bool word() {
    std::size_t end = at_;
    while (end < source_.size() && is_word(source_[end])) ++end;
    if (end == at_) return false;
    push(TokenKind::name, source_.substr(at_, end - at_), at_);
    at_ = end;
    return true;
  }

  bool string() {
    const char quote = peek(at_);
    if (quote != '\'' && quote != '"') return false;
    const std::size_t begin = at_;
    std::size_t end = begin + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) fail(begin, "expected the end of the string, found the end of the template");
    push(TokenKind::string, unescaped(begin + 1, end), begin);
    at_ = end + 1;
    return true;
  }

  /// Python's escapes in a string literal.
  std::string unescaped(std::size_t at, std::size_t end) {
    std::string text;
    while (at < end) {
      if (source_[at] != '\\') {
        text += source_[at++];
        continue;
      }
      const std::size_t begin = at++;
      const char c = source_[at++];
      static constexpr std::string_view marks = "abfnrtv\\'\"\n";
      static constexpr std::array<std::string_view, 11> meanings = {"\a", "\b", "\f", "\n", "\r", "\t",
                                                                    "\v", "\\", "'",  "\"", ""};
      if (const std::size_t found = marks.find(c); found != marks.npos) {
        text += meanings[found];
      } else if (c >= '0' && c <= '7') {
        unsigned code = static_cast<unsigned>(c - '0');
        for (int i = 0; i < 2 && at < end && source_[at] >= '0' && source_[at] <= '7'; ++i)
          code = code * 8 + static_cast<unsigned>(source_[at++] - '0');
        append_utf8(text, code);
      } else if (c == 'x' || c == 'u' || c == 'U') {
        const std::size_t count = c == 'x' ? 2 : c == 'u' ? 4 : 8;
        char32_t code = 0;
        for (std::size_t i = 0; i < count; ++i) {
          if (at >= end || digit_value(source_[at]) > 15)
            fail(begin, "expected " + std::to_string(count) + " hexadecimal digits in the escape");
          code = code << 4 | digit_value(source_[at++]);
        }
        if (code > 0x10ffff) fail(begin, "the escape is no Unicode character");
        append_utf8(text, code);
      } else if (c == 'N') {
        fail(begin, "escapes by a character's name are not supported");
      } else {
        text += '\\';
        text += c;
      }
    }
    return text;
  }

  void symbol(std::string& brackets) {
    static constexpr std::array<std::string_view, 26> symbols = {"//", "**", "==", "!=", ">=", "<=", "+", "-", "/",
                                                                 "*",  "%",  "~",  "[",  "]",  "(",  ")", "{", "}",
                                                                 ">",  "<",  "=",  ".",  ":",  "|",  ",", ";"};
    for (const std::string_view symbol : symbols) {
      if (!looking_at(symbol, at_)) continue;
      const char c = symbol[0];
      if (c == '(' || c == '[' || c == '{') brackets += c == '(' ? ')' : c == '[' ? ']' : '}';
      if (c == ')' || c == ']' || c == '}') {
        if (brackets.empty() || brackets.back() != c)
          fail(at_, std::string("unexpected '") + c + "'" +
                        (brackets.empty() ? "" : std::string(", expected '") + brackets.back() + "'"));
        brackets.pop_back();
      }
      push(TokenKind::symbol, std::string(symbol), at_);
      at_ += symbol.size();
      return;
    }
    std::size_t end = at_;
    decode(source_, end);
    fail(at_, "unexpected character " + headformer::detail::quoted(source_.substr(at_, end - at_)));
  }

  std::string name_;
  std::string source_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t counted_ = 0;  // position() has counted the lines up to here
  Position counted_position_;
  bool line_starting_ = true;  // what was taken last ended a line
};

}  // namespace headformer::jinja
