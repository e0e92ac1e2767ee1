#include "program/json_lines.hpp"

#include <headformer/core/error.hpp>

namespace program {

OrderedJson parse_line(const std::string& line) { return OrderedJson::parse(line); }

std::string line_of(const OrderedJson& json) {
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + '\n';
}

std::string failure_line(std::size_t index, const std::string& error) {
  return line_of({{"index", index}, {"error", error}});
}

std::string text_of(const OrderedJson& json) {
  if (!json.is_string())
    throw headformer::ArgumentError("expected a JSON string, found " + std::string(json.type_name()));
  return json.get<std::string>();
}

const OrderedJson& member_of(const OrderedJson& json, const char* key) {
  if (!json.is_object() || !json.contains(key))
    throw headformer::ArgumentError("expected an object with " + std::string(key) + ", found " +
                                    (json.is_object() ? "none of that name" : std::string(json.type_name())));
  return json.at(key);
}

std::vector<std::string> texts_of(const OrderedJson& json, const char* key) {
  const OrderedJson& array = member_of(json, key);
  if (!array.is_array())
    throw headformer::ArgumentError(std::string(key) + ": expected an array of strings, found " +
                                    std::string(array.type_name()));
  std::vector<std::string> texts;
  for (const OrderedJson& text : array) texts.push_back(text_of(text));
  return texts;
}

}  // namespace program
