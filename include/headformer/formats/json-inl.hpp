#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/formats/json_builder.hpp"
#include "headformer/formats/messages.hpp"

namespace headformer {

HEADFORMER_INLINE Json parse_json(std::string_view text, const std::string& name, DuplicateKeys duplicates,
                                  std::size_t depth_limit) {
  const detail::NonFiniteNumbers numbers(text);
  detail::JsonBuilder builder(name, depth_limit, duplicates, numbers);
  const std::string_view source = numbers.text.empty() ? text : std::string_view(numbers.text);
  Json::sax_parse(source.begin(), source.end(), &builder);
  return builder.take();
}
HEADFORMER_INLINE Json parse_json(const Bytes& file) { return parse_json(file.text(), file.name()); }

namespace detail {

HEADFORMER_COLD HEADFORMER_INLINE std::string json_text(const Json* value) {
  if (value == nullptr) return "nothing";
  switch (value->type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::boolean:
      return value->get<bool>() ? "true" : "false";
    case Json::value_t::string:
      return detail::quoted(value->get_ref<const std::string&>(), 80);
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "an array of " + std::to_string(value->size());
    case Json::value_t::number_float:
      return number_text(value->get<double>());
    case Json::value_t::number_unsigned:
      return std::to_string(value->get<std::uint64_t>());
    default:
      return std::to_string(value->get<std::int64_t>());
  }
}

HEADFORMER_COLD HEADFORMER_INLINE std::string json_list(const Json& array) {
  std::string text = "[";
  for (const Json& value : array) text += (text.size() > 1 ? "," : "") + json_text(&value);
  return text + "]";
}

HEADFORMER_COLD HEADFORMER_INLINE std::optional<Index> json_integer(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(std::numeric_limits<Index>::max())) return std::nullopt;
    return static_cast<Index>(number);
  }
  if (value.is_number_integer()) return static_cast<Index>(value.get<std::int64_t>());
  if (value.is_number_float()) {
    const auto number = value.get<double>();
    if (std::abs(number) <= 0x1p53 && std::trunc(number) == number) return static_cast<Index>(number);
  }
  return std::nullopt;
}

}  // namespace detail

HEADFORMER_COLD HEADFORMER_INLINE JsonObject::JsonObject(const Json& json, std::string file, std::string path)
    : json_(&json), file_(std::move(file)), path_(std::move(path)) {
  if (!json.is_object())
    throw ConfigError(file_ + ": " + (path_.empty() ? "" : path_ + ": ") + "expected an object, found " +
                      detail::json_text(&json));
}

HEADFORMER_COLD HEADFORMER_INLINE JsonObject JsonObject::none(std::string file, std::string path) {
  static const Json empty = Json::object();
  return JsonObject(empty, std::move(file), std::move(path));
}

HEADFORMER_COLD HEADFORMER_INLINE const Json* JsonObject::find(std::string_view key) const {
  const auto at = json_->find(key);
  return at == json_->end() || at->is_null() ? nullptr : &*at;
}

HEADFORMER_COLD HEADFORMER_INLINE bool JsonObject::mentions(std::string_view key) const { return json_->contains(key); }

HEADFORMER_COLD HEADFORMER_INLINE bool JsonObject::is_array(std::string_view key) const {
  return has(key) && find(key)->is_array();
}

HEADFORMER_COLD HEADFORMER_INLINE bool JsonObject::is_object(std::string_view key) const {
  return has(key) && find(key)->is_object();
}
HEADFORMER_COLD HEADFORMER_INLINE bool JsonObject::is_string(std::string_view key) const {
  return has(key) && find(key)->is_string();
}

HEADFORMER_COLD HEADFORMER_INLINE std::vector<std::string> JsonObject::keys() const {
  std::vector<std::string> names;
  for (const auto& item : json_->items()) names.push_back(item.key());
  return names;
}

HEADFORMER_COLD HEADFORMER_INLINE std::string JsonObject::path_of(std::string_view key) const {
  return (path_.empty() ? "" : path_ + ".") + readable(key);
}

HEADFORMER_COLD HEADFORMER_INLINE JsonObject JsonObject::object(std::string_view key) const {
  return JsonObject(get(key, "an object", [](const Json& v) { return v.is_object(); }), file_, path_of(key));
}

HEADFORMER_COLD HEADFORMER_INLINE std::vector<JsonObject> JsonObject::objects(std::string_view key) const {
  std::vector<JsonObject> result;
  each(key, "an object", [&](const Json& v, const std::string& path) {
    if (!v.is_object()) return false;
    result.emplace_back(v, file_, path);
    return true;
  });
  return result;
}

HEADFORMER_COLD HEADFORMER_INLINE Index JsonObject::integer(std::string_view key, Index lo, Index hi) const {
  const Json* value = find(key);
  const std::optional<Index> number = value == nullptr ? std::nullopt : detail::json_integer(*value);
  if (!number || *number < lo || *number > hi) fail(key, detail::expected_integer(lo, hi));
  return *number;
}

HEADFORMER_COLD HEADFORMER_INLINE double JsonObject::number(std::string_view key, double lo, double hi) const {
  const Json* value = find(key);
  if (value == nullptr || !value->is_number()) fail(key, detail::expected_number(lo, hi));
  const auto found = value->get<double>();
  const bool any = lo == -infinity && hi == infinity;
  if (!any && !(found >= lo && found <= hi)) fail(key, detail::expected_number(lo, hi));
  return found;
}

HEADFORMER_COLD HEADFORMER_INLINE double JsonObject::positive(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr || !value->is_number() || !(value->get<double>() > 0) || std::isinf(value->get<double>()))
    fail(key, "a number > 0");
  return value->get<double>();
}

HEADFORMER_COLD HEADFORMER_INLINE bool JsonObject::boolean(std::string_view key) const {
  return get(key, "true or false", [](const Json& v) { return v.is_boolean(); }).get<bool>();
}

HEADFORMER_COLD HEADFORMER_INLINE std::string JsonObject::string(std::string_view key) const {
  return get(key, "a string", [](const Json& v) { return v.is_string(); }).get<std::string>();
}

HEADFORMER_COLD HEADFORMER_INLINE std::vector<Index> JsonObject::integers(std::string_view key, Index lo,
                                                                          Index hi) const {
  std::vector<Index> result;
  each(key, detail::expected_integer(lo, hi), [&](const Json& v, const std::string&) {
    const std::optional<Index> number = detail::json_integer(v);
    if (!number || *number < lo || *number > hi) return false;
    result.push_back(*number);
    return true;
  });
  return result;
}

HEADFORMER_COLD HEADFORMER_INLINE std::vector<std::vector<Index>> JsonObject::integer_lists(std::string_view key,
                                                                                            Index lo, Index hi) const {
  std::vector<std::vector<Index>> result;
  each(key, "an array of integers", [&](const Json& list, const std::string& path) {
    if (!list.is_array() || list.empty()) return false;
    const Json named = {{path, list}};
    result.push_back(JsonObject(named, file_).integers(path, lo, hi));
    return true;
  });
  return result;
}

HEADFORMER_COLD HEADFORMER_INLINE std::vector<double> JsonObject::numbers(std::string_view key, double lo,
                                                                          double hi) const {
  std::vector<double> result;
  each(key, detail::expected_number(lo, hi), [&](const Json& v, const std::string&) {
    if (!v.is_number()) return false;
    result.push_back(v.get<double>());
    return (lo == -infinity && hi == infinity) || (result.back() >= lo && result.back() <= hi);
  });
  return result;
}

HEADFORMER_COLD HEADFORMER_INLINE std::vector<std::string> JsonObject::strings(std::string_view key) const {
  std::vector<std::string> result;
  each(key, "a string", [&](const Json& v, const std::string&) {
    if (!v.is_string()) return false;
    result.push_back(v.get<std::string>());
    return true;
  });
  return result;
}

HEADFORMER_COLD HEADFORMER_INLINE std::vector<bool> JsonObject::booleans(std::string_view key) const {
  std::vector<bool> result;
  each(key, "true or false", [&](const Json& v, const std::string&) {
    if (!v.is_boolean()) return false;
    result.push_back(v.get<bool>());
    return true;
  });
  return result;
}

HEADFORMER_COLD HEADFORMER_INLINE void JsonObject::fail(std::string_view key, const std::string& expected) const {
  const auto at = json_->find(key);
  fail_at(path_of(key), expected, at == json_->end() ? nullptr : &*at);
}

HEADFORMER_COLD HEADFORMER_INLINE std::string JsonObject::readable(std::string_view key) {
  const std::string text = detail::quoted(key, 120);
  return text.substr(1, text.size() - 2);
}

HEADFORMER_COLD HEADFORMER_INLINE void JsonObject::fail_at(const std::string& path, const std::string& expected,
                                                           const Json* found) const {
  throw ConfigError(file_ + ": " + path + ": expected " + expected + ", found " + detail::json_text(found));
}

HEADFORMER_COLD HEADFORMER_INLINE const Json& JsonObject::get(std::string_view key, const char* expected,
                                                              bool (*accepts)(const Json&)) const {
  const Json* value = find(key);
  if (value == nullptr || !accepts(*value)) fail(key, expected);
  return *value;
}

HEADFORMER_COLD HEADFORMER_INLINE void JsonObject::each(
    std::string_view key, const std::string& expected,
    FunctionRef<bool(const Json& element, const std::string& path)> body) const {
  const Json* array = find(key);
  if (array == nullptr || !array->is_array()) fail(key, "an array, each element " + expected);
  std::size_t i = 0;
  for (const Json& value : *array) {
    const std::string path = path_of(key) + "[" + std::to_string(i++) + "]";
    if (!body(value, path)) fail_at(path, expected, &value);
  }
}

}  // namespace headformer
