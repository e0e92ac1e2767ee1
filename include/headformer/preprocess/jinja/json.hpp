#pragma once

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "headformer/core/cold.hpp"
#include "headformer/preprocess/jinja/compare.hpp"
#include "headformer/preprocess/jinja/print.hpp"
#include "headformer/preprocess/jinja/value.hpp"

namespace headformer::jinja {

/// A JSON value as the template sees it; objects keep the order of their keys. Throws Failure when it nests deeper than
/// `nesting_limit`.
HEADFORMER_COLD inline Value from_json(const nlohmann::ordered_json& json, Budget& budget, unsigned level = 0) {
  using Type = nlohmann::ordered_json::value_t;
  if (level > nesting_limit) throw Failure("the input nests too deeply");
  switch (json.type()) {
    case Type::boolean:
      return Value(json.get<bool>());
    case Type::number_integer:
      return Value(static_cast<Integer>(json.get<std::int64_t>()));
    case Type::number_unsigned:
      return Value(static_cast<Integer>(json.get<std::uint64_t>()));
    case Type::number_float:
      return Value(json.get<double>());
    case Type::string:
      return Value::text(json.get_ref<const std::string&>());
    case Type::array: {
      std::vector<Value> items;
      items.reserve(json.size());
      for (const auto& item : json) items.push_back(from_json(item, budget, level + 1));
      return make_list(std::move(items), budget);
    }
    case Type::object: {
      Dict dict;
      for (const auto& [key, item] : json.items())
        dict.set(Value::text(key), from_json(item, budget, level + 1), budget);
      return make_dict(std::move(dict), budget);
    }
    default:
      return Value(None{});
  }
}

/// How tojson writes: json.dumps' options.
struct JsonStyle {
  bool ensure_ascii = false;
  bool sort_keys = false;
  std::optional<std::string> indent;  // one level's
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};

namespace detail {

HEADFORMER_COLD inline void append_json_string(std::string& out, std::string_view text, bool ensure_ascii) {
  const auto unit = [&](unsigned value) {
    char buffer[8];
    std::snprintf(buffer, sizeof buffer, "\\u%04x", value & 0xffffU);
    out += buffer;
  };
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t c = decode(text, at);
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\b':
        out += "\\b";
        break;
      default:
        if (c < 0x20 || (ensure_ascii && c > 0x7e && c < 0x10000)) {
          unit(static_cast<unsigned>(c));
        } else if (ensure_ascii && c >= 0x10000) {
          unit(static_cast<unsigned>(0xd800 + ((c - 0x10000) >> 10)));
          unit(static_cast<unsigned>(0xdc00 + ((c - 0x10000) & 0x3ff)));
        } else {
          out += text.substr(begin, at - begin);
        }
    }
  }
  out += '"';
}

HEADFORMER_COLD inline std::string json_float(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return float_text(value);
}

/// A dict's key as JSON has it: always a string.
HEADFORMER_COLD inline std::string json_key(const Value& key) {
  if (key.is_text()) return key.bytes();
  if (key.is_none()) return "null";
  if (key.is<bool>()) return key.boolean() ? "true" : "false";
  if (key.is<Integer>()) return integer_text(key.integer());
  if (key.is<double>()) return json_float(key.number());
  throw Failure("keys must be str, int, float, bool or None, not " + type_name(key));
}

}  // namespace detail

/// json.dumps(value). Throws Failure for what JSON cannot hold.
HEADFORMER_COLD inline void append_json(std::string& out, const Value& value, const JsonStyle& style, Budget& budget,
                                        unsigned level = 0) {
  const auto new_line = [&](unsigned depth) {
    if (!style.indent) return;
    budget.allocate(depth + 1, style.indent->size() + 1);
    out += '\n';
    for (unsigned i = 0; i < depth; ++i) out += *style.indent;
  };
  budget.allocate(8 + style.item_separator.size() + style.key_separator.size());
  if (value.is_none()) {
    out += "null";
  } else if (value.is<bool>()) {
    out += value.boolean() ? "true" : "false";
  } else if (value.is<Integer>()) {
    out += integer_text(value.integer());
  } else if (value.is<double>()) {
    out += detail::json_float(value.number());
  } else if (value.is_text()) {
    budget.allocate(2 * value.bytes().size());
    detail::append_json_string(out, value.bytes(), style.ensure_ascii);
  } else if (value.is<SequencePtr>()) {
    const auto& items = value.sequence()->items;
    out += '[';
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i != 0) out += style.item_separator;
      new_line(level + 1);
      append_json(out, items[i], style, budget, level + 1);
    }
    if (!items.empty()) new_line(level);
    out += ']';
  } else if (value.is_dict()) {
    const auto& entries = value.dict().entries();
    std::vector<std::size_t> order(entries.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    if (style.sort_keys) {
      std::vector<Value> keys;
      for (const auto& entry : entries) keys.push_back(entry.first);
      order = sorted_positions(keys, false, budget);
    }
    out += '{';
    for (std::size_t i = 0; i < order.size(); ++i) {
      const auto& [key, item] = entries[order[i]];
      if (i != 0) out += style.item_separator;
      new_line(level + 1);
      const std::string name = detail::json_key(key);
      budget.allocate(2 * name.size());
      detail::append_json_string(out, name, style.ensure_ascii);
      out += style.key_separator;
      append_json(out, item, style, budget, level + 1);
    }
    if (!entries.empty()) new_line(level);
    out += '}';
  } else {
    throw Failure("Object of type " + type_name(value) + " is not JSON serializable");
  }
}

}  // namespace headformer::jinja
