#pragma once

#include <cstddef>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/error.hpp"
#include "headformer/formats/json_value.hpp"

namespace headformer::detail {

/// Python's json writes Infinity, -Infinity and NaN, which JSON does not have, and published configs hold them. Where
/// they stand in the place of a value, each is replaced by a number of the same length that occurs nowhere else in the
/// text, so that positions in messages stay true; the builder below turns these spellings back.
struct NonFiniteNumbers {
  std::string text;          // empty: nothing was replaced
  std::string infinity;      // the number that stands for Infinity
  std::string not_a_number;  // and for NaN

  explicit NonFiniteNumbers(std::string_view source) {
    const bool has_infinity = source.find("Infinity") != std::string_view::npos;
    const bool has_nan = source.find("NaN") != std::string_view::npos;
    if (!has_infinity && !has_nan) return;
    infinity = unused(source, "1e00000");
    not_a_number = unused(source, "1e");
    if (infinity.empty() || not_a_number.empty()) return;  // the parser will point at the literal
    text = source;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (in_string) {
        if (text[i] == '\\') {
          ++i;
        } else if (text[i] == '"') {
          in_string = false;
        }
      } else if (text[i] == '"') {
        in_string = true;
      } else if (stands_alone(source, i, "Infinity", true)) {
        text.replace(i, infinity.size(), infinity);
      } else if (stands_alone(source, i, "NaN", false)) {
        text.replace(i, not_a_number.size(), not_a_number);
      }
    }
  }

  /// The value that a number's spelling stands for; the parsed one otherwise.
  double value(std::string_view spelling, double parsed) const {
    if (text.empty()) return parsed;
    if (spelling == infinity) return std::numeric_limits<double>::infinity();
    if (spelling.starts_with('-') && spelling.substr(1) == infinity) return -std::numeric_limits<double>::infinity();
    return spelling == not_a_number ? std::numeric_limits<double>::quiet_NaN() : parsed;
  }

 private:
  static std::string unused(std::string_view source, const char* pattern) {
    for (char digit = '0'; digit <= '9'; ++digit) {
      const std::string spelling = std::string(pattern) + digit;
      if (source.find(spelling) == std::string_view::npos) return spelling;
    }
    return {};
  }

  static bool stands_alone(std::string_view source, std::size_t at, std::string_view literal, bool may_be_negative) {
    if (source.substr(at, literal.size()) != literal) return false;
    if (may_be_negative && at > 0 && source[at - 1] == '-') return edge(source, at - 1, at + literal.size());
    return edge(source, at, at + literal.size());
  }
  static bool edge(std::string_view source, std::size_t begin, std::size_t end) {
    constexpr std::string_view before = " \t\r\n:[,";
    constexpr std::string_view after = " \t\r\n,]}";
    return (begin == 0 || before.find(source[begin - 1]) != std::string_view::npos) &&
           (end == source.size() || after.find(source[end]) != std::string_view::npos);
  }
};

/// Builds the value from the parser's events, and stops it where the nesting passes the limit.
class JsonBuilder final : public nlohmann::json_sax<Json> {
 public:
  JsonBuilder(std::string file, std::size_t depth_limit, DuplicateKeys duplicates, const NonFiniteNumbers& numbers)
      : file_(std::move(file)), depth_limit_(depth_limit), duplicates_(duplicates), numbers_(numbers) {}

  Json take() { return std::move(root_); }

  bool null() override { return add(Json(nullptr)); }
  bool boolean(bool value) override { return add(Json(value)); }
  bool number_integer(number_integer_t value) override { return add(Json(value)); }
  bool number_unsigned(number_unsigned_t value) override { return add(Json(value)); }
  bool number_float(number_float_t value, const string_t& spelling) override {
    return add(Json(numbers_.value(spelling, value)));
  }
  bool string(string_t& value) override { return add(Json(std::move(value))); }
  bool binary(binary_t& value) override { return add(Json::binary(std::move(value))); }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    Json& object = *open_.back();
    if (duplicates_ == DuplicateKeys::refused && object.contains(name))
      throw FormatError(file_ + ": expected each name once, found " + detail::quoted(name) + " twice");
    member_ = &object[name];
    return true;
  }

  [[noreturn]] bool parse_error(std::size_t, const std::string&, const Json::exception& error) override {
    std::string_view what = error.what();
    if (const auto tag = what.find("] "); what.starts_with('[') && tag != std::string_view::npos)
      what.remove_prefix(tag + 2);  // "[json.exception.parse_error.101] "
    std::string text = detail::quoted(what, 300);
    throw FormatError(file_ + ": expected JSON: " + text.substr(1, text.size() - 2));
  }

 private:
  Json* place(Json&& value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (open_.back()->is_array()) {
      open_.back()->push_back(std::move(value));
      return &open_.back()->back();
    }
    *member_ = std::move(value);
    return member_;
  }
  bool add(Json&& value) {
    place(std::move(value));
    return true;
  }
  bool open(Json&& container) {
    if (open_.size() == depth_limit_)
      throw FormatError(file_ + ": expected JSON nested at most " + std::to_string(depth_limit_) + " deep, found more");
    open_.push_back(place(std::move(container)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::string file_;
  std::size_t depth_limit_;
  DuplicateKeys duplicates_;
  const NonFiniteNumbers& numbers_;
  Json root_;
  std::vector<Json*> open_;  // the containers around the next value, the outermost first
  Json* member_ = nullptr;
};

}  // namespace headformer::detail
