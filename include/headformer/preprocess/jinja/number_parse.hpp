#pragma once

#include <charconv>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "headformer/core/cold.hpp"
#include "headformer/preprocess/jinja/string_methods.hpp"

namespace headformer::jinja {

namespace detail {

/// Digits with single underscores between them, the underscores removed; nothing if they stand elsewhere.
HEADFORMER_COLD inline std::optional<std::string> plain_digits(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto alphanumeric = [&](std::size_t at) {
      return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
    };
    if (text[i] != '_') {
      out += text[i];
    } else if (i == 0 || !alphanumeric(i - 1) || !alphanumeric(i + 1)) {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace detail

/// int(text, base); nothing when it is none. Throws Failure for a base that does not exist.
HEADFORMER_COLD inline std::optional<Integer> parse_integer(std::string_view text, Integer base) {
  if (base != 0 && (base < 2 || base > 36)) throw Failure("int() base must be >= 2 and <= 36, or 0");
  text = stripped(text, nullptr, true, true);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.size() > 2 && text[0] == '0') {
    const char mark = static_cast<char>(text[1] | 0x20);
    const Integer marked = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 0;
    if (marked != 0 && (base == 0 || base == marked)) {
      base = marked;
      text.remove_prefix(text[2] == '_' ? 3 : 2);
    }
  }
  const auto digits = detail::plain_digits(text);
  if (!digits || digits->empty()) return std::nullopt;
  if (base == 0) {
    if (digits->size() > 1 && (*digits)[0] == '0' && digits->find_first_not_of('0') != std::string::npos)
      return std::nullopt;
    base = 10;
  }
  Integer value = 0;
  for (const char c : *digits) {
    const char lower = static_cast<char>(c | 0x20);
    const int digit = c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'z' ? lower - 'a' + 10 : 99;
    if (static_cast<Integer>(digit) >= base) return std::nullopt;
    value = value * base + static_cast<Integer>(digit);
    if (value > integer_limit) throw Failure("an integer becomes too large");
  }
  return negative ? -value : value;
}

/// float(text); nothing when it is none.
HEADFORMER_COLD inline std::optional<double> parse_float(std::string_view text) {
  text = stripped(text, nullptr, true, true);
  const auto plain = detail::plain_digits(text);
  if (!plain || plain->empty()) return std::nullopt;
  std::string_view rest = *plain;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest.empty() || rest[0] == '-' || rest[0] == '+') return std::nullopt;
  if (rest.find('(') != rest.npos) return std::nullopt;  // nan(...) is C's alone
  double value = 0;
  const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (parsed.ptr != rest.data() + rest.size() || parsed.ec == std::errc::invalid_argument) return std::nullopt;
  if (parsed.ec == std::errc::result_out_of_range) value = std::strtod(std::string(rest).c_str(), nullptr);
  return negative ? -value : value;
}

}  // namespace headformer::jinja
