#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/core/mapped_file.hpp"

namespace headformer {

using Json = nlohmann::json;

/// What parse_json does with a key that an object holds twice.
enum class DuplicateKeys { last_wins, refused };

namespace detail {

/// Reads one JSON text into a value. nlohmann's own parser is not used: it knows no Infinity and NaN, and a program
/// that calls it also compiles its readers of CBOR, MessagePack and other binary forms.
class JsonParser {
 public:
  JsonParser(std::string_view text, const std::string& name, DuplicateKeys duplicates, std::size_t depth_limit)
      : text_(text), name_(name), duplicates_(duplicates), depth_limit_(depth_limit) {}

  Json parse() {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;  // a byte order mark
    Json root;
    value(root, 0);
    skip_space();
    if (at_ != text_.size()) fail("the end of the text");
    return root;
  }

 private:
  void value(Json& result, std::size_t depth) {
    skip_space();
    switch (next()) {
      case '{':
        return object(result, depth);
      case '[':
        return array(result, depth);
      case '"':
        result = string();
        return;
      case 't':
        literal("true");
        result = true;
        return;
      case 'f':
        literal("false");
        result = false;
        return;
      case 'n':
        return literal("null");
      case 'I':
        literal("Infinity");
        result = std::numeric_limits<double>::infinity();
        return;
      case 'N':
        literal("NaN");
        result = std::numeric_limits<double>::quiet_NaN();
        return;
      default:
        return number(result);
    }
  }

  void object(Json& result, std::size_t depth) {
    enter(depth);
    result = Json::object();
    if (skip('}')) return;
    do {
      skip_space();
      if (next() != '"') fail("a key in double quotes");
      std::string key = string();
      if (!skip(':')) fail("':'");
      if (duplicates_ == DuplicateKeys::refused && result.contains(key))
        throw FormatError(name_ + ": expected each name once, found " + detail::quoted(key) + " twice");
      Json item;
      value(item, depth + 1);
      result[std::move(key)] = std::move(item);
    } while (skip(','));
    if (!skip('}')) fail("',' or '}'");
  }

  void array(Json& result, std::size_t depth) {
    enter(depth);
    result = Json::array();
    if (skip(']')) return;
    do {
      Json item;
      value(item, depth + 1);
      result.push_back(std::move(item));
    } while (skip(','));
    if (!skip(']')) fail("',' or ']'");
  }

  /// Past the bracket that opens an object or an array in `depth` others.
  void enter(std::size_t depth) {
    if (depth == depth_limit_) {
      throw FormatError(name_ + ": expected JSON nested at most " + std::to_string(depth_limit_) + " deep, found more");
    }
    ++at_;
  }

  std::string string() {
    std::string result;
    for (++at_;;) {
      std::size_t end = at_;
      while (end < text_.size() && is_plain(text_[end])) ++end;
      result.append(text_, at_, end - at_);
      at_ = end;
      const char c = next();
      if (c == '"') {
        ++at_;
        return result;
      }
      if (c == '\\') {
        escape(result);
      } else if (static_cast<unsigned char>(c) >= 0x80) {
        const std::size_t length = character();
        if (length == 0) fail("a string of UTF-8");
        result.append(text_, at_, length);
        at_ += length;
      } else {
        fail(at_ == text_.size() ? "the end of a string" : "no control character in a string");
      }
    }
  }
  static bool is_plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
  }

  /// Length of the UTF-8 sequence of several bytes here (https://www.unicode.org/versions/latest/ table 3-7); 0: none.
  std::size_t character() const {
    const auto byte = [&](std::size_t i) {
      return at_ + i < text_.size() ? static_cast<unsigned char>(text_[at_ + i]) : 0U;
    };
    const auto follows = [&](std::size_t i) { return byte(i) >= 0x80 && byte(i) <= 0xbf; };
    const unsigned first = byte(0);
    if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
      const bool fits = (first != 0xe0 || byte(1) >= 0xa0) && (first != 0xed || byte(1) <= 0x9f);
      return fits && follows(1) && follows(2) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
      const bool fits = (first != 0xf0 || byte(1) >= 0x90) && (first != 0xf4 || byte(1) <= 0x8f);
      return fits && follows(1) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
  }

  void escape(std::string& result) {
    ++at_;
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const char c = next();
    if (const std::size_t which = letters.find(c); which != std::string_view::npos) {
      result += meanings[which];
      ++at_;
      return;
    }
    if (c != 'u') fail("one of \"\\/bfnrtu after a backslash");
    std::uint32_t point = code_unit();
    if (point >= 0xd800 && point <= 0xdbff) {
      if (!text_.substr(at_).starts_with("\\u")) fail("the other half of a surrogate pair");
      ++at_;
      const std::uint32_t low = code_unit();
      if (low < 0xdc00 || low > 0xdfff) fail("the other half of a surrogate pair");
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    } else if (point >= 0xdc00 && point <= 0xdfff) {
      fail("the first half of a surrogate pair");
    }
    append_code_point(result, point);
  }
  /// The four digits after "u".
  std::uint32_t code_unit() {
    ++at_;
    std::uint32_t unit = 0;
    const std::string_view digits = text_.substr(at_, 4);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
    if (digits.size() != 4 || error != std::errc{} || end != digits.data() + 4) fail("four hexadecimal digits");
    at_ += 4;
    return unit;
  }
  static void append_code_point(std::string& result, std::uint32_t point) {
    const auto add = [&](std::uint32_t byte) { result += static_cast<char>(byte); };
    const auto add_tail = [&](unsigned shift) { add(0x80 | ((point >> shift) & 0x3f)); };
    if (point < 0x80) return add(point);
    if (point < 0x800) {
      add(0xc0 | (point >> 6));
    } else if (point < 0x10000) {
      add(0xe0 | (point >> 12));
      add_tail(6);
    } else {
      add(0xf0 | (point >> 18));
      add_tail(12);
      add_tail(6);
    }
    add_tail(0);
  }

  /// An integer where it is written as one and fits 64 bits, a double otherwise.
  void number(Json& result) {
    const std::size_t begin = at_;
    const bool negative = next() == '-';
    if (negative) ++at_;
    if (negative && next() == 'I') {
      literal("Infinity");
      result = -std::numeric_limits<double>::infinity();
      return;
    }
    bool integer = true;
    if (next() == '0') {
      ++at_;
    } else {
      digits(begin == at_ ? "a value" : "a digit");
    }
    if (next() == '.') {
      integer = false;
      ++at_;
      digits("a digit");
    }
    if (next() == 'e' || next() == 'E') {
      integer = false;
      ++at_;
      if (next() == '+' || next() == '-') ++at_;
      digits("a digit");
    }
    const std::string_view spelling = text_.substr(begin, at_ - begin);
    if (integer && (negative ? store<std::int64_t>(result, spelling) : store<std::uint64_t>(result, spelling))) return;
    if (store<double>(result, spelling)) return;
    // Past what a double holds: one so small is 0, as everywhere; one so large is an error.
    const std::size_t exponent = spelling.find_first_of("eE");
    const bool small = exponent == std::string_view::npos ? spelling.find_first_of("123456789") > spelling.find('.')
                                                          : spelling[exponent + 1] == '-';
    if (!small) {
      at_ = begin;
      fail("a number in the range of double");
    }
    result = negative ? -0.0 : 0.0;
  }
  void digits(const char* expected) {
    if (next() < '0' || next() > '9') fail(expected);
    while (next() >= '0' && next() <= '9') ++at_;
  }
  template <class Number>
  static bool store(Json& result, std::string_view spelling) {
    Number number{};
    const auto [end, error] = std::from_chars(spelling.data(), spelling.data() + spelling.size(), number);
    if (error != std::errc{}) return false;
    result = number;
    return true;
  }

  void literal(std::string_view name) {
    if (!text_.substr(at_).starts_with(name)) fail("a value");
    at_ += name.size();
  }

  /// The next byte; 0, which is in no JSON, at the end.
  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (next() == ' ' || next() == '\n' || next() == '\r' || next() == '\t') ++at_;
  }
  /// Past white space and this byte, if it is there.
  bool skip(char c) {
    skip_space();
    if (next() != c) return false;
    ++at_;
    return true;
  }

  HEADFORMER_COLD [[noreturn]] void fail(const char* expected) const {
    const std::string_view before = text_.substr(0, at_);
    std::size_t line = 1;
    std::size_t line_begin = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (before[i] != '\n') continue;
      ++line;
      line_begin = i + 1;
    }
    const std::string found = at_ == text_.size() ? "the end of the text" : detail::quoted(text_.substr(at_, 1));
    throw FormatError(name_ + ": expected JSON: line " + std::to_string(line) + ", column " +
                      std::to_string(at_ - line_begin + 1) + ": expected " + expected + ", found " + found);
  }

  std::string_view text_;
  const std::string& name_;
  DuplicateKeys duplicates_;
  std::size_t depth_limit_;
  std::size_t at_ = 0;
};

}  // namespace detail

/// Parses a JSON text of UTF-8 (https://www.rfc-editor.org/rfc/rfc8259); Infinity, -Infinity and NaN are numbers, as
/// Python's json writes them. `name` stands for the file in messages. Throws FormatError with the position where the
/// text is no JSON, holds invalid UTF-8, or is nested deeper than `depth_limit`.
inline Json parse_json(std::string_view text, const std::string& name,
                       DuplicateKeys duplicates = DuplicateKeys::last_wins, std::size_t depth_limit = 128) {
  return detail::JsonParser(text, name, duplicates, depth_limit).parse();
}
inline Json parse_json(const Bytes& file) { return parse_json(file.text(), file.name()); }

}  // namespace headformer
