#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/core/function_ref.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/formats/json_parse.hpp"
#include "headformer/formats/messages.hpp"

namespace headformer {

namespace detail {

/// A value as an error message shows what was found.
HEADFORMER_COLD inline std::string json_text(const Json* value) {
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

/// An array of scalars with all of its elements: "[0,8]".
HEADFORMER_COLD inline std::string json_list(const Json& array) {
  std::string text = "[";
  for (const Json& value : array) text += (text.size() > 1 ? "," : "") + json_text(&value);
  return text + "]";
}

/// An integer, also one spelled 8192.0 as some published configs do; nothing for any other value.
HEADFORMER_COLD inline std::optional<Index> json_integer(const Json& value) {
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

/// A JSON object seen with its place: the file and the path of keys to it, so that every message says where. Looks at
/// a Json that must outlive it. A key whose value is null counts as absent.
///
/// Everything that reads throws ConfigError where the key is missing (and no default is given), has another type or is
/// out of range: "config.json: rope_scaling.factor: expected a number > 0, found 'x'".
class JsonObject {
 public:
  static constexpr Index least = std::numeric_limits<Index>::min();
  static constexpr Index most = std::numeric_limits<Index>::max();
  static constexpr double infinity = std::numeric_limits<double>::infinity();

  /// `path`: the keys that lead here, joined by dots; empty for the file's outermost object.
  HEADFORMER_COLD JsonObject(const Json& json, std::string file, std::string path = "")
      : json_(&json), file_(std::move(file)), path_(std::move(path)) {
    if (!json.is_object())
      throw ConfigError(file_ + ": " + (path_.empty() ? "" : path_ + ": ") + "expected an object, found " +
                        detail::json_text(&json));
  }

  const Json& json() const { return *json_; }
  const std::string& file() const { return file_; }
  const std::string& path() const { return path_; }

  /// Present and not null.
  bool has(std::string_view key) const { return find(key) != nullptr; }
  /// The value, or nullptr when it is absent or null.
  HEADFORMER_COLD const Json* find(std::string_view key) const {
    const auto at = json_->find(key);
    return at == json_->end() || at->is_null() ? nullptr : &*at;
  }
  HEADFORMER_COLD std::vector<std::string> keys() const {
    std::vector<std::string> names;
    for (const auto& item : json_->items()) names.push_back(item.key());
    return names;
  }
  /// "rope_scaling.factor": the key with the way to it.
  HEADFORMER_COLD std::string path_of(std::string_view key) const {
    return (path_.empty() ? "" : path_ + ".") + readable(key);
  }

  HEADFORMER_COLD JsonObject object(std::string_view key) const {
    return JsonObject(get(key, "an object", [](const Json& v) { return v.is_object(); }), file_, path_of(key));
  }
  /// An array of objects.
  HEADFORMER_COLD std::vector<JsonObject> objects(std::string_view key) const {
    std::vector<JsonObject> result;
    each(key, "an object", [&](const Json& v, const std::string& path) {
      if (!v.is_object()) return false;
      result.emplace_back(v, file_, path);
      return true;
    });
    return result;
  }

  /// An integer in [lo, hi]; 8192.0 counts as one.
  HEADFORMER_COLD Index integer(std::string_view key, Index lo = least, Index hi = most) const {
    const Json* value = find(key);
    const std::optional<Index> number = value == nullptr ? std::nullopt : detail::json_integer(*value);
    if (!number || *number < lo || *number > hi) fail(key, detail::expected_integer(lo, hi));
    return *number;
  }
  Index integer_or(std::string_view key, Index fallback, Index lo = least, Index hi = most) const {
    return has(key) ? integer(key, lo, hi) : fallback;
  }

  /// A number in [lo, hi]; NaN is in no range but the default one.
  HEADFORMER_COLD double number(std::string_view key, double lo = -infinity, double hi = infinity) const {
    const Json* value = find(key);
    if (value == nullptr || !value->is_number()) fail(key, detail::expected_number(lo, hi));
    const auto found = value->get<double>();
    const bool any = lo == -infinity && hi == infinity;
    if (!any && !(found >= lo && found <= hi)) fail(key, detail::expected_number(lo, hi));
    return found;
  }
  double number_or(std::string_view key, double fallback, double lo = -infinity, double hi = infinity) const {
    return has(key) ? number(key, lo, hi) : fallback;
  }
  /// A finite number > 0.
  HEADFORMER_COLD double positive(std::string_view key) const {
    const Json* value = find(key);
    if (value == nullptr || !value->is_number() || !(value->get<double>() > 0) || std::isinf(value->get<double>()))
      fail(key, "a number > 0");
    return value->get<double>();
  }
  double positive_or(std::string_view key, double fallback) const { return has(key) ? positive(key) : fallback; }

  HEADFORMER_COLD bool boolean(std::string_view key) const {
    return get(key, "true or false", [](const Json& v) { return v.is_boolean(); }).template get<bool>();
  }
  bool boolean_or(std::string_view key, bool fallback) const { return has(key) ? boolean(key) : fallback; }

  HEADFORMER_COLD std::string string(std::string_view key) const {
    return get(key, "a string", [](const Json& v) { return v.is_string(); }).template get<std::string>();
  }
  std::string string_or(std::string_view key, std::string_view fallback) const {
    return has(key) ? string(key) : std::string(fallback);
  }

  /// Arrays, with every element checked as its scalar is.
  HEADFORMER_COLD std::vector<Index> integers(std::string_view key, Index lo = least, Index hi = most) const {
    std::vector<Index> result;
    each(key, detail::expected_integer(lo, hi), [&](const Json& v, const std::string&) {
      const std::optional<Index> number = detail::json_integer(v);
      if (!number || *number < lo || *number > hi) return false;
      result.push_back(*number);
      return true;
    });
    return result;
  }
  HEADFORMER_COLD std::vector<double> numbers(std::string_view key, double lo = -infinity, double hi = infinity) const {
    std::vector<double> result;
    each(key, detail::expected_number(lo, hi), [&](const Json& v, const std::string&) {
      if (!v.is_number()) return false;
      result.push_back(v.get<double>());
      return (lo == -infinity && hi == infinity) || (result.back() >= lo && result.back() <= hi);
    });
    return result;
  }
  HEADFORMER_COLD std::vector<std::string> strings(std::string_view key) const {
    std::vector<std::string> result;
    each(key, "a string", [&](const Json& v, const std::string&) {
      if (!v.is_string()) return false;
      result.push_back(v.get<std::string>());
      return true;
    });
    return result;
  }
  HEADFORMER_COLD std::vector<bool> booleans(std::string_view key) const {
    std::vector<bool> result;
    each(key, "true or false", [&](const Json& v, const std::string&) {
      if (!v.is_boolean()) return false;
      result.push_back(v.get<bool>());
      return true;
    });
    return result;
  }

  /// Throws ConfigError "<file>: <path of key>: expected <expected>, found <the value as it is>".
  HEADFORMER_COLD [[noreturn]] void fail(std::string_view key, const std::string& expected) const {
    const auto at = json_->find(key);
    fail_at(path_of(key), expected, at == json_->end() ? nullptr : &*at);
  }

 private:
  HEADFORMER_COLD static std::string readable(std::string_view key) {
    const std::string text = detail::quoted(key, 120);
    return text.substr(1, text.size() - 2);
  }
  HEADFORMER_COLD [[noreturn]] void fail_at(const std::string& path, const std::string& expected,
                                            const Json* found) const {
    throw ConfigError(file_ + ": " + path + ": expected " + expected + ", found " + detail::json_text(found));
  }
  HEADFORMER_COLD const Json& get(std::string_view key, const char* expected, bool (*accepts)(const Json&)) const {
    const Json* value = find(key);
    if (value == nullptr || !accepts(*value)) fail(key, expected);
    return *value;
  }
  /// Calls body(element, path) for each of an array; false means that the element is not as expected.
  HEADFORMER_COLD void each(std::string_view key, const std::string& expected,
                            FunctionRef<bool(const Json& element, const std::string& path)> body) const {
    const Json* array = find(key);
    if (array == nullptr || !array->is_array()) fail(key, "an array, each element " + expected);
    std::size_t i = 0;
    for (const Json& value : *array) {
      const std::string path = path_of(key) + "[" + std::to_string(i++) + "]";
      if (!body(value, path)) fail_at(path, expected, &value);
    }
  }

  const Json* json_;
  std::string file_;
  std::string path_;
};

}  // namespace headformer
