#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/compiled.hpp"
#include "headformer/core/function_ref.hpp"
#include "headformer/core/mapped_file.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/formats/json_value.hpp"

namespace headformer {

/// Parses a JSON text of UTF-8 (https://www.rfc-editor.org/rfc/rfc8259); Infinity, -Infinity and NaN are numbers, as
/// Python's json writes them. `name` stands for the file in messages. Throws FormatError with the position where the
/// text is no JSON, holds invalid UTF-8, or is nested deeper than `depth_limit`.
Json parse_json(std::string_view text, const std::string& name, DuplicateKeys duplicates = DuplicateKeys::last_wins,
                std::size_t depth_limit = 128);
Json parse_json(const Bytes& file);

namespace detail {

/// A value as an error message shows what was found.
std::string json_text(const Json* value);
/// An array of scalars with all of its elements: "[0,8]".
std::string json_list(const Json& array);
/// An integer, also one spelled 8192.0 as some published configs do; nothing for any other value.
std::optional<Index> json_integer(const Json& value);

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
  JsonObject(const Json& json, std::string file, std::string path = "");
  /// An object without keys, for what a file leaves out.
  static JsonObject none(std::string file, std::string path);

  const Json& json() const { return *json_; }
  const std::string& file() const { return file_; }
  const std::string& path() const { return path_; }

  /// Present and not null.
  bool has(std::string_view key) const { return find(key) != nullptr; }
  /// Present, null or not: null switches off what a class has where its config says nothing.
  bool mentions(std::string_view key) const;
  bool is_array(std::string_view key) const;
  bool is_object(std::string_view key) const;
  bool is_string(std::string_view key) const;
  /// The value, or nullptr when it is absent or null.
  const Json* find(std::string_view key) const;
  std::vector<std::string> keys() const;
  /// "rope_scaling.factor": the key with the way to it.
  std::string path_of(std::string_view key) const;

  JsonObject object(std::string_view key) const;
  /// An array of objects.
  std::vector<JsonObject> objects(std::string_view key) const;

  /// An integer in [lo, hi]; 8192.0 counts as one.
  Index integer(std::string_view key, Index lo = least, Index hi = most) const;
  Index integer_or(std::string_view key, Index fallback, Index lo = least, Index hi = most) const {
    return has(key) ? integer(key, lo, hi) : fallback;
  }

  /// A number in [lo, hi]; NaN is in no range but the default one.
  double number(std::string_view key, double lo = -infinity, double hi = infinity) const;
  double number_or(std::string_view key, double fallback, double lo = -infinity, double hi = infinity) const {
    return has(key) ? number(key, lo, hi) : fallback;
  }
  /// A finite number > 0.
  double positive(std::string_view key) const;
  double positive_or(std::string_view key, double fallback) const { return has(key) ? positive(key) : fallback; }

  bool boolean(std::string_view key) const;
  bool boolean_or(std::string_view key, bool fallback) const { return has(key) ? boolean(key) : fallback; }

  std::string string(std::string_view key) const;
  std::string string_or(std::string_view key, std::string_view fallback) const {
    return has(key) ? string(key) : std::string(fallback);
  }

  /// Arrays, with every element checked as its scalar is.
  std::vector<Index> integers(std::string_view key, Index lo = least, Index hi = most) const;
  /// An array of arrays, each of one element or more.
  std::vector<std::vector<Index>> integer_lists(std::string_view key, Index lo = least, Index hi = most) const;
  std::vector<double> numbers(std::string_view key, double lo = -infinity, double hi = infinity) const;
  std::vector<std::string> strings(std::string_view key) const;
  std::vector<bool> booleans(std::string_view key) const;

  /// Throws ConfigError "<file>: <path of key>: expected <expected>, found <the value as it is>".
  [[noreturn]] void fail(std::string_view key, const std::string& expected) const;

 private:
  static std::string readable(std::string_view key);
  [[noreturn]] void fail_at(const std::string& path, const std::string& expected, const Json* found) const;
  const Json& get(std::string_view key, const char* expected, bool (*accepts)(const Json&)) const;
  /// Calls body(element, path) for each of an array; false means that the element is not as expected.
  void each(std::string_view key, const std::string& expected,
            FunctionRef<bool(const Json& element, const std::string& path)> body) const;

  const Json* json_;
  std::string file_;
  std::string path_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/formats/json-inl.hpp"
#endif
