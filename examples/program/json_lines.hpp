#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace program {

using OrderedJson = nlohmann::ordered_json;

/// Throws nlohmann::json::parse_error when a line is no JSON.
OrderedJson parse_line(const std::string& line);
/// A line of JSON as a program puts it out; messages may quote bytes that are no UTF-8.
std::string line_of(const OrderedJson& json);
/// What stands in the place of a bad item.
std::string failure_line(std::size_t index, const std::string& error);
/// A text. Throws ArgumentError for other JSON.
std::string text_of(const OrderedJson& json);
/// A member of an object. Throws ArgumentError when there is none.
const OrderedJson& member_of(const OrderedJson& json, const char* key);

/// A member that is an array of texts, or why it is none.
std::vector<std::string> texts_of(const OrderedJson& json, const char* key);

}  // namespace program
