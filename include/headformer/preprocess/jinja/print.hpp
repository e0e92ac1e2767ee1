#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>

#include "headformer/core/cold.hpp"
#include "headformer/preprocess/jinja/value.hpp"

namespace headformer::jinja {

HEADFORMER_COLD inline std::string integer_text(Integer value) {
  const bool negative = value < 0;
  Integer rest = negative ? -value : value;
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  } while (rest != 0);
  if (negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

/// float.__repr__: the shortest digits that read back as the same number, an exponent below 1e-4 and from 1e16 on.
HEADFORMER_COLD inline std::string float_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  const std::string scientific(buffer, end);
  const std::size_t mark = scientific.find('e');
  int exponent = 0;
  std::from_chars(scientific.data() + mark + (scientific[mark + 1] == '+' ? 2 : 1),
                  scientific.data() + scientific.size(), exponent);
  std::string mantissa = scientific.substr(0, mark);
  if (exponent < -4 || exponent >= 16) {
    std::string result = mantissa + (exponent < 0 ? "e-" : "e+");
    const int magnitude = std::abs(exponent);
    if (magnitude < 10) result += '0';
    return result + std::to_string(magnitude);
  }
  const auto fixed = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr;
  std::string result(buffer, fixed);
  if (result.find('.') == std::string::npos) result += ".0";
  return result;
}

/// str.__repr__.
HEADFORMER_COLD inline void append_quoted(std::string& out, std::string_view text) {
  const char quote = text.find('\'') != text.npos && text.find('"') == text.npos ? '"' : '\'';
  out += quote;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t c = decode(text, at);
    char escape[16];
    if (c == static_cast<unsigned char>(quote) || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (is_printable(c)) {
      out += text.substr(begin, at - begin);
    } else {
      const char* format = c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x";
      std::snprintf(escape, sizeof escape, format, static_cast<unsigned>(c));
      out += escape;
    }
  }
  out += quote;
}

/// repr(value). Charges what it writes as it goes: shared containers can print far larger than they are.
HEADFORMER_COLD inline void append_repr(std::string& out, const Value& value, Budget& budget) {
  const auto list = [&](const std::vector<Value>& items, const char* open, const char* close) {
    out += open;
    bool first = true;
    for (const Value& item : items) {
      if (!first) out += ", ";
      first = false;
      append_repr(out, item, budget);
    }
    out += close;
  };
  budget.allocate(8);
  if (value.is_undefined()) {
    out += "Undefined";
  } else if (value.is_none()) {
    out += "None";
  } else if (value.is<bool>()) {
    out += value.boolean() ? "True" : "False";
  } else if (value.is<Integer>()) {
    out += integer_text(value.integer());
  } else if (value.is<double>()) {
    out += float_text(value.number());
  } else if (value.is_text()) {
    budget.allocate(2 * value.bytes().size());
    if (value.text().safe) out += "Markup(";
    append_quoted(out, value.bytes());
    if (value.text().safe) out += ')';
  } else if (value.is<SequencePtr>()) {
    const Sequence& sequence = *value.sequence();
    if (sequence.tuple) {
      list(sequence.items, "(", sequence.items.size() == 1 ? ",)" : ")");
    } else {
      list(sequence.items, "[", "]");
    }
  } else if (value.is_dict()) {
    out += '{';
    bool first = true;
    for (const auto& [key, item] : value.dict().entries()) {
      if (!first) out += ", ";
      first = false;
      append_repr(out, key, budget);
      out += ": ";
      append_repr(out, item, budget);
    }
    out += '}';
  } else {
    value.object()->print(out, budget);
  }
}

HEADFORMER_COLD inline std::string repr(const Value& value, Budget& budget) {
  std::string out;
  append_repr(out, value, budget);
  return out;
}

/// str(value): text as it is, undefined as nothing, everything else as repr().
HEADFORMER_COLD inline std::string to_text(const Value& value, Budget& budget) {
  if (value.is_text()) {
    budget.allocate(value.bytes().size());
    return value.bytes();
  }
  if (value.is_undefined()) return "";
  return repr(value, budget);
}

/// markupsafe's escape() of plain text.
HEADFORMER_COLD inline std::string html_escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// The text that joins safe text: escaped unless it is safe itself.
HEADFORMER_COLD inline std::string escaped_text(const Value& value, Budget& budget) {
  std::string text = to_text(value, budget);
  if (value.is_text() && value.text().safe) return text;
  budget.allocate(5 * text.size());
  return html_escaped(text);
}

inline bool is_safe(const Value& value) { return value.is_text() && value.text().safe; }

}  // namespace headformer::jinja
