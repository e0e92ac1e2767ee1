#pragma once

#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "headformer/core/cold.hpp"
#include "headformer/preprocess/jinja/print.hpp"
#include "headformer/preprocess/jinja/value.hpp"

namespace headformer::jinja {

/// How one field of a format is laid out: Python's format specification.
struct FormatSpec {
  std::string fill = " ";
  char align = 0;  // < > ^ =, 0: by the type
  char sign = '-';
  bool alternate = false;
  char grouping = 0;  // , or _
  std::optional<std::size_t> width;
  std::optional<std::size_t> precision;
  char type = 0;
};

namespace detail {

constexpr std::size_t widest_field = 1 << 20;

/// A width or a precision at `at`, which moves behind it.
HEADFORMER_COLD inline std::optional<std::size_t> field_size(std::string_view text, std::size_t& at) {
  std::optional<std::size_t> number;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    number = number.value_or(0) * 10 + static_cast<std::size_t>(text[at] - '0');
    if (*number > widest_field) throw Failure("a format's width or precision is too large");
  }
  return number;
}

HEADFORMER_COLD inline std::string digits_in_base(Integer magnitude, unsigned base, bool upper) {
  const std::string_view symbols = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string digits;
  do {
    const auto digit = static_cast<std::size_t>(magnitude % static_cast<Integer>(base));
    digits.insert(digits.begin(), symbols[digit]);
    magnitude /= static_cast<Integer>(base);
  } while (magnitude != 0);
  return digits;
}

/// The magnitude of a float in one of the styles e, f, g, E, F, G, %.
HEADFORMER_COLD inline std::string float_digits(double magnitude, char type, std::size_t precision, bool alternate,
                                                Budget& budget) {
  if (std::isnan(magnitude) || std::isinf(magnitude)) {
    const bool upper = type == 'E' || type == 'F' || type == 'G';
    return std::isnan(magnitude) ? (upper ? "NAN" : "nan") : (upper ? "INF" : "inf");
  }
  const std::string format = std::string(alternate ? "%#.*" : "%.*") + type;
  budget.allocate(precision + 400);
  std::string text(precision + 400, '\0');
  const int size = std::snprintf(text.data(), text.size(), format.c_str(), static_cast<int>(precision), magnitude);
  text.resize(static_cast<std::size_t>(std::max(size, 0)));
  return text;
}

HEADFORMER_COLD inline std::string grouped(const std::string& digits, char separator, std::size_t every) {
  const std::size_t whole = std::min(digits.find_first_not_of("0123456789abcdefABCDEF"), digits.size());
  std::string result;
  for (std::size_t i = 0; i < whole; ++i) {
    if (i != 0 && (whole - i) % every == 0) result += separator;
    result += digits[i];
  }
  return result + digits.substr(whole);
}

}  // namespace detail

/// `text` filled up to the width; `prefix` (sign, base) stays before zeros.
HEADFORMER_COLD inline std::string padded(const std::string& prefix, const std::string& text, const FormatSpec& spec,
                                          char align, Budget& budget) {
  const std::size_t length = count_code_points(prefix) + count_code_points(text);
  const std::size_t missing = spec.width.value_or(0) > length ? *spec.width - length : 0;
  budget.allocate(missing * spec.fill.size() + prefix.size() + text.size());
  const auto fill = [&](std::size_t count) {
    std::string result;
    for (std::size_t i = 0; i < count; ++i) result += spec.fill;
    return result;
  };
  if (align == '<') return prefix + text + fill(missing);
  if (align == '^') return fill(missing / 2) + prefix + text + fill(missing - missing / 2);
  if (align == '=') return prefix + fill(missing) + text;
  return fill(missing) + prefix + text;
}

/// A number by a format specification. Integers take b c d o x X n, floats and integers e f g % and their capitals.
HEADFORMER_COLD inline std::string format_number(const Value& value, const FormatSpec& spec, Budget& budget) {
  const bool negative = value.is_integer() ? value.integer() < 0 : std::signbit(value.number());
  std::string prefix = negative ? "-" : spec.sign == '+' ? "+" : spec.sign == ' ' ? " " : "";
  std::string digits;
  char type = spec.type == 'n' ? (value.is_integer() ? 'd' : 'g') : spec.type;
  if (type == 0 && value.is_integer()) type = 'd';
  if (std::string_view("bdoxX").find(type) != std::string_view::npos && type != 0) {
    if (!value.is_integer()) throw Failure(std::string("unknown format code '") + type + "' for a float");
    const Integer magnitude = negative ? -value.integer() : value.integer();
    const unsigned base = type == 'b' ? 2 : type == 'o' ? 8 : type == 'd' ? 10 : 16;
    digits = detail::digits_in_base(magnitude, base, type == 'X');
    if (spec.precision && *spec.precision > digits.size())
      digits.insert(0, std::string(*spec.precision - digits.size(), '0'));
    if (spec.alternate && base != 10) prefix += std::string("0") + type;
    if (spec.grouping != 0) digits = detail::grouped(digits, spec.grouping, base == 10 ? 3 : 4);
  } else if (type == 0) {  // repr's digits, or g's with at least one behind the point
    const double magnitude = std::abs(value.number());
    if (spec.precision) {
      digits = detail::float_digits(magnitude, 'g', std::max<std::size_t>(*spec.precision, 1), false, budget);
      if (digits.find_first_of(".ein") == std::string::npos) digits += ".0";
    } else {
      digits = float_text(magnitude);
    }
    if (spec.grouping != 0) digits = detail::grouped(digits, spec.grouping, 3);
  } else if (std::string_view("eEfFgG%").find(type) != std::string_view::npos) {
    double magnitude = std::abs(value.number());
    if (type == '%') magnitude *= 100;
    std::size_t precision = spec.precision.value_or(6);
    if ((type == 'g' || type == 'G') && precision == 0) precision = 1;
    digits = detail::float_digits(magnitude, type == '%' ? 'f' : type, precision, spec.alternate, budget);
    if (spec.grouping != 0) digits = detail::grouped(digits, spec.grouping, 3);
    if (type == '%') digits += '%';
  } else {
    throw Failure(std::string("unknown format code '") + type + "'");
  }
  return padded(prefix, digits, spec, spec.align == 0 ? '>' : spec.align, budget);
}

/// format % value: Python's printf-style formatting.
HEADFORMER_COLD inline std::string percent_formatted(const Value& format, const Value& value, Budget& budget) {
  const std::string_view text = format.bytes();
  const bool tuple = value.is_tuple();
  std::size_t used = 0;
  const auto take = [&]() -> const Value& {
    const std::size_t count = tuple ? value.sequence()->items.size() : 1;
    if (used >= count) throw Failure("not enough arguments for format string");
    return tuple ? value.sequence()->items[used++] : (++used, value);
  };
  std::string out;
  bool mapped = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t mark = text.find('%', at);
    out += text.substr(at, mark - at);
    if (mark == text.npos) break;
    at = mark + 1;
    budget.allocate(at - mark + 8);
    FormatSpec spec;
    const Value* item = nullptr;
    if (at < text.size() && text[at] == '(') {
      const std::size_t close = text.find(')', at);
      if (close == text.npos) throw Failure("incomplete format key");
      if (!value.is_dict()) throw Failure("format requires a mapping");
      item = value.dict().find(text.substr(at + 1, close - at - 1), budget);
      if (item == nullptr) throw Failure("the format names a key that is not there");
      mapped = true;
      at = close + 1;
    }
    bool left = false;
    bool zero = false;
    for (; at < text.size() && std::string_view("-+ #0").find(text[at]) != std::string_view::npos; ++at) {
      left |= text[at] == '-';
      zero |= text[at] == '0';
      spec.alternate |= text[at] == '#';
      if (text[at] == '+' || (text[at] == ' ' && spec.sign != '+')) spec.sign = text[at];
    }
    const auto size = [&]() -> std::optional<std::size_t> {
      if (at >= text.size() || text[at] != '*') return detail::field_size(text, at);
      ++at;
      const Value& given = take();
      if (!given.is_integer() || given.integer() > static_cast<Integer>(detail::widest_field))
        throw Failure("a format's * expects a small integer");
      if (given.integer() < 0) left = true;
      return static_cast<std::size_t>(given.integer() < 0 ? -given.integer() : given.integer());
    };
    spec.width = size();
    if (spec.width && *spec.width > detail::widest_field) throw Failure("a format's width is too large");
    if (at < text.size() && text[at] == '.') {
      ++at;
      spec.precision = size().value_or(0);
    }
    while (at < text.size() && (text[at] == 'l' || text[at] == 'h' || text[at] == 'L')) ++at;
    if (at >= text.size()) throw Failure("incomplete format");
    const char type = text[at++];
    if (type == '%') {
      out += '%';
      continue;
    }
    const Value& argument = item != nullptr ? *item : take();
    const char align = left ? '<' : '>';
    if (type == 's' || type == 'r' || type == 'a') {
      std::string shown = type != 's'          ? repr(argument, budget)
                          : format.text().safe ? escaped_text(argument, budget)
                                               : to_text(argument, budget);
      if (spec.precision) {
        std::size_t end = 0;
        for (std::size_t i = 0; i < *spec.precision && end < shown.size(); ++i) decode(shown, end);
        shown.resize(end);
      }
      out += padded("", shown, spec, align, budget);
      continue;
    }
    if (type == 'c') {
      std::string shown;
      if (argument.is_text() && argument.text().length == 1) {
        shown = argument.bytes();
      } else if (argument.is_integer() && argument.integer() >= 0 && argument.integer() < 0x110000) {
        append_utf8(shown, static_cast<char32_t>(argument.integer()));
      } else {
        throw Failure("%c requires an integer or a character");
      }
      out += padded("", shown, spec, align, budget);
      continue;
    }
    argument.require_defined();
    if (!argument.is_number()) throw Failure(std::string("%") + type + " format: a number is required");
    Value number = argument;
    spec.type = type;
    if (std::string_view("diuoxX").find(type) != std::string_view::npos) {
      if (type == 'i' || type == 'u') spec.type = 'd';
      if (argument.is<double>()) {
        if (spec.type != 'd') throw Failure(std::string("%") + type + " format: an integer is required");
        if (!(std::abs(argument.number()) < 0x1p100)) throw Failure("the float is too large for an integer");
        number = Value(static_cast<Integer>(argument.number()));
      }
    } else if (std::string_view("eEfFgG").find(type) == std::string_view::npos) {
      throw Failure(std::string("unsupported format character '") + type + "'");
    } else if (argument.is_integer()) {
      number = Value(argument.number());
    }
    if (zero && !left) spec.fill = "0";
    spec.align = left ? '<' : zero ? '=' : '>';
    out += format_number(number, spec, budget);
  }
  if (!mapped && tuple && used < value.sequence()->items.size())
    throw Failure("not all arguments converted during string formatting");
  // Whatever has elements could be a mapping, and a format need not name them all.
  const bool elements =
      value.is_dict() || value.is_list() || (value.is<ObjectPtr>() && value.object()->subscriptable());
  if (!mapped && !tuple && used == 0 && !elements)
    throw Failure("not all arguments converted during string formatting");
  return out;
}

}  // namespace headformer::jinja
