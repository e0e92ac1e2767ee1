#pragma once

#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/preprocess/jinja/json.hpp"
#include "headformer/preprocess/jinja/number_parse.hpp"
#include "headformer/preprocess/jinja/parameters.hpp"
#include "headformer/preprocess/jinja/string_methods.hpp"

/// Filters that make text and numbers. Each is named after the filter.
namespace headformer::jinja::filters {

/// What Jinja's soft_str makes of the value: text that keeps being safe.
HEADFORMER_COLD inline Value soft(Interpreter& interpreter, const Value& value) {
  return value.is_text() ? value : interpreter.text(to_text(value, interpreter.budget()));
}

/// upper, lower, capitalize: the string method of that name.
template <std::string (*Map)(std::string_view)>
Value cased(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters none(arguments, "this filter", {});
  const Value text = soft(interpreter, value);
  interpreter.budget().allocate(8 * text.bytes().size());
  return interpreter.text(Map(text.bytes()), text.text().safe);
}

/// Every word in title case; words begin behind white space, hyphens and opening brackets (unlike str.title's).
HEADFORMER_COLD inline Value title(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters none(arguments, "title", {});
  const std::string text = to_text(value, interpreter.budget());
  interpreter.budget().allocate(8 * text.size());
  const auto separates = [](char32_t c) {
    return is_space(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<';
  };
  const std::u32string codes = to_code_points(text);
  std::u32string out;
  for (std::size_t begin = 0; begin < codes.size();) {
    std::size_t end = begin + 1;
    while (end < codes.size() && separates(codes[end]) == separates(codes[begin])) ++end;
    append_case(out, codes[begin], Case::upper);
    const std::u32string_view word = std::u32string_view(codes).substr(begin + 1, end - begin - 1);
    for (std::size_t i = 0; i < word.size(); ++i) append_lower(out, word, i);
    begin = end;
  }
  return interpreter.text(to_utf8(out));
}

HEADFORMER_COLD inline Value trim(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "trim", {"chars"});
  const Value text = soft(interpreter, value);
  const std::string_view kept = stripped(text.bytes(), p.has(0) ? &p.text(0) : nullptr, true, true);
  return interpreter.text(std::string(kept), text.text().safe);
}

HEADFORMER_COLD inline Value replace(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "replace", {"old", "new", "count"}, 2);
  Budget& budget = interpreter.budget();
  return interpreter.text(
      replaced(to_text(value, budget), to_text(*p[0], budget), to_text(*p[1], budget), p.integer(2, -1), budget));
}

HEADFORMER_COLD inline Value string(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters none(arguments, "string", {});
  return soft(interpreter, value);
}

HEADFORMER_COLD inline Value safe(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters none(arguments, "safe", {});
  return interpreter.text(to_text(value, interpreter.budget()), true);
}

HEADFORMER_COLD inline Value escape(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters none(arguments, "escape", {});
  return interpreter.text(escaped_text(value, interpreter.budget()), true);
}

HEADFORMER_COLD inline Value forceescape(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters none(arguments, "forceescape", {});
  const std::string text = to_text(value, interpreter.budget());
  interpreter.budget().allocate(5 * text.size());
  return interpreter.text(html_escaped(text), true);
}

HEADFORMER_COLD inline Value format(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Value text = soft(interpreter, value);
  if (!arguments.positional.empty() && !arguments.named.empty())
    throw Failure("format takes positional or keyword arguments, not both");
  Value values;
  if (arguments.named.empty()) {
    values = make_tuple(arguments.positional, interpreter.budget());
  } else {
    Dict dict;
    for (const auto& [name, item] : arguments.named) dict.set(interpreter.text(name), item, interpreter.budget());
    values = make_dict(std::move(dict), interpreter.budget());
  }
  return interpreter.text(percent_formatted(text, values, interpreter.budget()), text.text().safe);
}

HEADFORMER_COLD inline Value indent(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "indent", {"width", "first", "blank"});
  if (!value.is_text()) {
    value.require_defined();
    throw Failure("indent expects a string, found " + type_name(value));
  }
  Budget& budget = interpreter.budget();
  std::string margin;
  if (p[0] != nullptr && p[0]->is_text()) {
    margin = p.text(0);
  } else {
    const std::size_t width = clamped_count(p.integer(0, 4));
    budget.allocate(width);
    margin = std::string(width, ' ');
  }
  const std::string text = value.bytes() + "\n";  // so that a last, empty line counts
  std::string out = p.flag(1, false) ? margin : "";
  bool first = true;
  for (const std::string_view line : split_lines(text, false)) {
    budget.allocate(line.size() + margin.size() + 1);
    if (!first) {
      out += '\n';
      if (!line.empty() || p.flag(2, false)) out += margin;
    }
    out += line;
    first = false;
  }
  return interpreter.text(std::move(out), value.text().safe);
}

HEADFORMER_COLD inline Value center(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "center", {"width"});
  const Value text = soft(interpreter, value);
  return interpreter.text(headformer::jinja::detail::justified(text, p.integer(0, 80), " ", '^', interpreter.budget()));
}

HEADFORMER_COLD inline Value truncate(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "truncate", {"length", "killwords", "end", "leeway"});
  Budget& budget = interpreter.budget();
  const std::string end = p[2] == nullptr ? "..." : p.text(2);
  const Integer length = p.integer(0, 255);
  const Integer leeway = p.integer(3, 5);
  const auto end_length = static_cast<Integer>(count_code_points(end));
  if (length < end_length) throw Failure("truncate expects a length of at least its end's");
  if (leeway < 0) throw Failure("truncate expects a leeway >= 0");
  const auto size = length_of(value);  // whatever has a length may be short enough
  if (!size) throw Failure("object of type '" + type_name(value) + "' has no len()");
  if (static_cast<Integer>(*size) <= length + leeway) return value;
  if (!value.is_text()) throw Failure("truncate expects a string, found " + type_name(value));
  std::string kept = part_of(value.text(), 0, clamped_count(length - end_length), budget).bytes();
  if (!p.flag(1, false)) kept = kept.substr(0, kept.rfind(' '));
  return interpreter.text(kept + end);
}

HEADFORMER_COLD inline Value striptags(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters none(arguments, "striptags", {});
  std::string text = to_text(value, interpreter.budget());
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = text.find('<', at);
    kept += text.substr(at, open - at);
    if (open == text.npos) break;
    const bool comment = text.compare(open, 4, "<!--") == 0;
    const std::size_t close = comment ? text.find("-->", open) : text.find('>', open);
    if (close == text.npos) {
      kept += text.substr(open);
      break;
    }
    at = close + (comment ? 3 : 1);
  }
  std::string out;
  for (const std::string_view word : headformer::jinja::detail::split_space(kept, -1, false)) {
    if (!out.empty()) out += ' ';
    out += word;
  }
  return interpreter.text(std::move(out));
}

HEADFORMER_COLD inline Value urlencode(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters none(arguments, "urlencode", {});
  Budget& budget = interpreter.budget();
  const auto quote = [&](const Value& part, bool query) {
    const std::string text = to_text(part, budget);
    budget.allocate(3 * text.size());
    std::string out;
    for (const char c : text) {
      char buffer[8];
      if (std::isalnum(static_cast<unsigned char>(c)) != 0 ||
          std::string_view("_.-~").find(c) != std::string_view::npos || (c == '/' && !query)) {
        out += c;
      } else if (c == ' ' && query) {
        out += '+';
      } else {
        std::snprintf(buffer, sizeof buffer, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
        out += buffer;
      }
    }
    return out;
  };
  if (value.is_text() || !is_iterable(value)) return interpreter.text(quote(value, false));
  std::vector<Value> pairs;
  const SequencePtr elements = value.is_dict() ? DictView(value.dict_pointer(), DictView::Part::items).items(budget)
                                               : elements_of(value, budget);
  std::string out;
  for (const Value& pair : elements->items) {
    const SequencePtr parts = elements_of(pair, budget);
    if (parts->items.size() != 2) throw Failure("urlencode expects pairs");
    if (!out.empty()) out += '&';
    out += quote(parts->items[0], true) + "=" + quote(parts->items[1], true);
  }
  return interpreter.text(std::move(out));
}

HEADFORMER_COLD inline Value wordcount(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters none(arguments, "wordcount", {});
  const std::string text = to_text(value, interpreter.budget());
  std::size_t count = 0;
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = decode(text, at);
    const bool word = c == '_' || is_alphabetic(c) || is_numeric(c);
    count += word && !inside ? 1 : 0;
    inside = word;
  }
  return Value(count);
}

HEADFORMER_COLD inline Value tojson(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "tojson", {"ensure_ascii", "indent", "separators", "sort_keys"});
  Budget& budget = interpreter.budget();
  JsonStyle style;
  style.ensure_ascii = p.flag(0, false);
  style.sort_keys = p.flag(3, false);
  if (p.has(1)) {
    style.item_separator = ",";
    if (p[1]->is_text()) {
      style.indent = p[1]->bytes();
    } else {
      const std::size_t width = clamped_count(p.integer(1, 0));
      budget.allocate(width);
      style.indent = std::string(width, ' ');
    }
  }
  if (p.has(2)) {
    const SequencePtr separators = elements_of(*p[2], budget);
    if (separators->items.size() != 2 || !separators->items[0].is_text() || !separators->items[1].is_text())
      throw Failure("tojson expects two strings as separators");
    style.item_separator = separators->items[0].bytes();
    style.key_separator = separators->items[1].bytes();
  }
  std::string out;
  append_json(out, value, style, budget);
  return interpreter.text(std::move(out));
}

HEADFORMER_COLD inline Value to_integer(Interpreter&, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "int", {"default", "base"});
  std::optional<double> number;
  if (value.is_text()) {
    if (const auto parsed = parse_integer(value.bytes(), p.integer(1, 10))) return Value(*parsed);
    number = parse_float(value.bytes());
  } else if (value.is_integer()) {
    return Value(value.integer());
  } else if (value.is<double>()) {
    number = value.number();
    if (std::isinf(*number)) throw Failure("cannot convert float infinity to integer");
  } else {
    value.require_defined();
  }
  if (!number || !std::isfinite(*number)) return p.value(0, Value(0));
  if (std::abs(*number) >= 0x1p100) throw Failure("an integer becomes too large");
  return Value(static_cast<Integer>(*number));
}

HEADFORMER_COLD inline Value to_float(Interpreter&, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "float", {"default"});
  if (value.is_number()) return Value(value.number());
  if (value.is_text())
    if (const auto parsed = parse_float(value.bytes())) return Value(*parsed);
  value.require_defined();
  return p.value(0, Value(0.0));
}

HEADFORMER_COLD inline Value absolute(Interpreter&, const Value& value, Arguments& arguments) {
  const Parameters none(arguments, "abs", {});
  if (value.is_integer()) return Value(value.integer() < 0 ? -value.integer() : value.integer());
  if (value.is<double>()) return Value(std::abs(value.number()));
  value.require_defined();
  throw Failure("bad operand type for abs(): '" + type_name(value) + "'");
}

HEADFORMER_COLD inline Value round(Interpreter&, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "round", {"precision", "method"});
  const std::string method = p[1] == nullptr ? "common" : p.text(1);
  if (method != "common" && method != "ceil" && method != "floor")
    throw Failure("round's method must be common, ceil or floor");
  const Integer precision = p.integer(0, 0);
  if (!value.is_number()) {
    value.require_defined();
    throw Failure("round expects a number, found " + type_name(value));
  }
  if (method != "common") {
    const double scale = std::pow(10.0, static_cast<double>(precision));
    const double scaled = value.number() * scale;
    return Value((method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / scale);
  }
  if (value.is_integer()) {
    if (precision >= 0) return Value(value.integer());
    Integer unit = 1;
    for (Integer i = 0; i > precision && unit < integer_limit / 10; --i) unit *= 10;
    const Integer rest = floor_remainder(value.integer(), unit);
    const Integer below = value.integer() - rest;
    const bool up = 2 * rest > unit || (2 * rest == unit && floor_remainder(below / unit, Integer{2}) != 0);
    return Value(up ? below + unit : below);
  }
  const double number = value.number();
  if (!std::isfinite(number) || precision > 320) return value;
  if (precision < -310) return Value(std::copysign(0.0, number));
  if (precision < 0) {
    const double scale = std::pow(10.0, static_cast<double>(-precision));
    return Value(std::nearbyint(number / scale) * scale);
  }
  // printf rounds the exact decimal value, halves to even, as Python does.
  char buffer[1024];
  std::snprintf(buffer, sizeof buffer, "%.*f", static_cast<int>(precision), number);
  return Value(std::strtod(buffer, nullptr));
}

}  // namespace headformer::jinja::filters
