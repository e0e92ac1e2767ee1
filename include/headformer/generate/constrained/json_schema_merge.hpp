#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/error.hpp"

namespace headformer::detail {

/// A schema, its members in their order.
using SchemaValue = nlohmann::ordered_json;

/// Where in a schema, for messages.
struct SchemaPlace {
  std::string about;
  std::string pointer;

  SchemaPlace operator/(const std::string& key) const { return {about, pointer + "/" + key}; }
  std::string text() const { return about + ": " + pointer; }
  [[noreturn]] void fail(const std::string& expected, const SchemaValue& found) const {
    throw ArgumentError(text() + ": expected " + expected + ", found " +
                        quoted(found.dump(-1, ' ', false, SchemaValue::error_handler_t::replace), 80));
  }
};

/// What a schema's keywords say together: references, allOf, and what stands beside anyOf.
class SchemaMerger {
 public:
  using Value = SchemaValue;

  SchemaMerger(const Value& root, const std::string& about) : root_(root), about_(about) {}

  static const std::vector<std::string>& all_types() {
    static const std::vector<std::string> types = {"null", "boolean", "string", "number", "array", "object"};
    return types;
  }

  /// What "#", "#/..." (a JSON pointer) leads to.
  const Value& target(const std::string& reference, const SchemaPlace& place) const {
    if (reference == "#") return root_;
    if (!reference.starts_with("#/")) place.fail("a reference within the schema (#/...)", Value(reference));
    try {
      return root_.at(Value::json_pointer(percent_decoded(reference.substr(1))));
    } catch (const Value::exception&) {
      place.fail("a reference that leads somewhere", Value(reference));
    }
  }

  /// Checked, with allOf and what stands beside a $ref merged: a $ref that is left stands alone.
  Value resolved(const Value& given, const SchemaPlace& place, int depth = 0) const {
    expect_known(given, place);
    if (depth > 64) place.fail("references and allOf that come to an end", given);
    Value schema = without_annotations(given);
    if (schema.contains("$ref") && schema.size() > 1) {
      Value rest = schema;
      rest.erase("$ref");
      return merge(inlined({{"$ref", schema.at("$ref")}}, place, depth + 1), resolved(rest, place, depth + 1), place);
    }
    if (const auto found = schema.find("allOf"); found != schema.end()) {
      Value merged = schema;
      merged.erase("allOf");
      std::size_t i = 0;
      for (const Value& branch : *found) {
        const SchemaPlace at = place / "allOf" / std::to_string(i++);
        merged = merge(std::move(merged), inlined(branch, at, depth + 1), at);
      }
      return merged.contains("allOf") ? resolved(merged, place, depth + 1) : merged;
    }
    return schema;
  }

  /// The same with what a $ref leads to in its place.
  Value inlined(const Value& given, const SchemaPlace& place, int depth = 0) const {
    if (given.is_boolean()) return given == true ? Value(Value::object()) : Value{{"enum", Value::array()}};
    Value schema = resolved(given, place, depth);
    while (schema.contains("$ref")) {
      if (++depth > 64) place.fail("references that come to an end", given);
      const std::string reference = schema.at("$ref").get<std::string>();
      schema = resolved(target(reference, place), {about_, reference}, depth);
    }
    return schema;
  }

  /// What satisfies both. Throws where that is no schema of the same keywords.
  Value merge(Value a, const Value& b, const SchemaPlace& place) const {
    expect_closed_agree(a, b, place);
    for (const auto& [key, value] : b.items()) {
      if (!a.contains(key)) {
        a[key] = value;
        continue;
      }
      Value& own = a[key];
      if (own == value) continue;
      if (key == "required") {
        for (const Value& name : value)
          if (std::find(own.begin(), own.end(), name) == own.end()) own.push_back(name);
      } else if (key == "properties") {
        for (const auto& [name, schema] : value.items())
          own[name] = own.contains(name) ? Value{{"allOf", Value::array({own[name], schema})}} : schema;
      } else if (key == "items" || key == "additionalProperties") {
        own = Value{{"allOf", Value::array({own, value})}};
      } else if (is_any_of(key, {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})) {
        own = std::max(own, value);
      } else if (is_any_of(key, {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})) {
        own = std::min(own, value);
      } else if (key == "enum") {
        Value both = Value::array();
        for (const Value& each : own)
          if (std::find(value.begin(), value.end(), each) != value.end()) both.push_back(each);
        own = both;
      } else if (key == "const") {
        own = nullptr;  // two values: none
        a["enum"] = Value::array();
        a.erase("const");
      } else if (key == "type") {
        own = common_types(own, value);
      } else {
        place.fail("keywords that can be merged, not two of " + key, b);
      }
    }
    return a;
  }

  /// The values that enum and const leave, of the types that are allowed; nothing where neither is there.
  std::optional<std::vector<Value>> values_of(const Value& schema, const SchemaPlace& place) const {
    const auto values = schema.find("enum");
    const auto one = schema.find("const");
    if (values == schema.end() && one == schema.end()) return std::nullopt;
    if (values != schema.end() && !values->is_array()) (place / "enum").fail("a list", *values);
    for (const auto& [key, value] : schema.items())
      if (key != "enum" && key != "const" && key != "type") place.fail("no " + key + " beside enum or const", schema);
    const std::set<std::string> types = types_of(schema, place);
    std::vector<Value> result;
    const auto add = [&](const Value& value) {
      if (one != schema.end() && value != *one) return;
      const bool whole = value.is_number_integer();
      for (const std::string& type : types) {
        if (!((type == "null" && value.is_null()) || (type == "boolean" && value.is_boolean()) ||
              (type == "string" && value.is_string()) || (type == "number" && value.is_number()) ||
              (type == "integer" && whole) || (type == "array" && value.is_array()) ||
              (type == "object" && value.is_object())))
          continue;
        result.push_back(value);
        return;
      }
    };
    if (values == schema.end()) {
      add(*one);
    } else {
      for (const Value& value : *values) add(value);
    }
    return result;
  }

  /// What "type" names; without one, those that the keywords speak of; all where they speak of none.
  std::set<std::string> types_of(const Value& schema, const SchemaPlace& place) const {
    std::set<std::string> types;
    if (const auto found = schema.find("type"); found != schema.end()) {
      const auto add = [&](const Value& name) {
        const bool known =
            name.is_string() && (name == "integer" || std::find(all_types().begin(), all_types().end(),
                                                                name.get<std::string>()) != all_types().end());
        if (!known) (place / "type").fail("a type of JSON or a list of some", *found);
        types.insert(name.get<std::string>());
      };
      if (found->is_array())
        for (const Value& name : *found) add(name);
      else
        add(*found);
      return types;
    }
    for (const auto& [key, value] : schema.items())
      for (const auto& [type, keywords] : keywords_of_types())
        if (std::find(keywords.begin(), keywords.end(), key) != keywords.end()) types.insert(type);
    if (types.empty()) types.insert(all_types().begin(), all_types().end());
    return types;
  }

  /// Whether it says anything.
  static bool constrains(const Value& schema) { return !schema.empty(); }

  /// Of oneOf: no text may satisfy two of them. They differ in their types, in their values, or in the values of a
  /// member that both require.
  void expect_disjoint(const std::vector<Value>& branches, const SchemaPlace& place) const {
    std::vector<Value> full;
    for (std::size_t i = 0; i < branches.size(); ++i) full.push_back(inlined(branches[i], place / std::to_string(i)));
    for (std::size_t i = 0; i < full.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (!disjoint(full[j], full[i], place))
          place.fail("branches that exclude each other (by type, by value, or by a required member's value), or anyOf",
                     branches[i]);
  }

 private:
  static bool is_any_of(const std::string& key, std::initializer_list<const char*> keys) {
    return std::any_of(keys.begin(), keys.end(), [&](const char* each) { return key == each; });
  }

  static const std::vector<std::pair<std::string, std::vector<std::string>>>& keywords_of_types() {
    static const std::vector<std::pair<std::string, std::vector<std::string>>> keywords = {
        {"object",
         {"properties", "required", "additionalProperties", "patternProperties", "propertyNames", "minProperties",
          "maxProperties"}},
        {"array", {"items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems"}},
        {"string", {"minLength", "maxLength", "pattern", "format"}},
        {"number", {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}}};
    return keywords;
  }

  /// What describes, and constrains nothing.
  static bool is_annotation(const std::string& key) {
    return is_any_of(key, {"$schema", "$id", "id", "$comment", "$defs", "definitions", "title", "description",
                           "default", "examples", "example", "deprecated", "readOnly", "writeOnly", "contentEncoding",
                           "contentMediaType", "discriminator"}) ||
           key.starts_with("x-");
  }
  static Value without_annotations(const Value& schema) {
    Value result = Value::object();
    for (const auto& [key, value] : schema.items())
      if (!is_annotation(key)) result[key] = value;
    return result;
  }

  void expect_known(const Value& schema, const SchemaPlace& place) const {
    if (!schema.is_object()) place.fail("a schema: an object, true or false", schema);
    for (const auto& [key, value] : schema.items()) {
      const bool known =
          is_annotation(key) || is_any_of(key, {"$ref", "allOf", "anyOf", "oneOf", "type", "enum", "const"}) ||
          std::any_of(keywords_of_types().begin(), keywords_of_types().end(), [&, name = &key](const auto& pair) {
            return std::find(pair.second.begin(), pair.second.end(), *name) != pair.second.end();
          });
      if (!known) (place / key).fail("a keyword that is supported", value);
      if (is_any_of(key, {"allOf", "anyOf", "oneOf"}) && (!value.is_array() || value.empty()))
        (place / key).fail("a list of schemas", value);
      if (key == "$ref" && !value.is_string()) (place / key).fail("a reference", value);
      if (key == "required" &&
          (!value.is_array() || !std::all_of(value.begin(), value.end(), [](const Value& v) { return v.is_string(); })))
        (place / key).fail("a list of names", value);
    }
  }

  /// Closed to others, an object has no room for the other's members.
  static void expect_closed_agree(const Value& a, const Value& b, const SchemaPlace& place) {
    const auto closed_against = [&](const Value& closed, const Value& other) {
      if (!closed.contains("additionalProperties") || closed.at("additionalProperties") == true) return;
      const Value none = Value::object();
      const Value& own = closed.contains("properties") ? closed.at("properties") : none;
      if (!other.contains("properties")) return;
      for (const auto& [name, schema] : other.at("properties").items())
        if (!own.contains(name))
          place.fail("merged objects to have the same properties where additionalProperties is given", other);
    };
    closed_against(a, b);
    closed_against(b, a);
  }

  static Value common_types(const Value& a, const Value& b) {
    const auto list = [](const Value& types) { return types.is_array() ? types : Value::array({types}); };
    Value both = Value::array();
    for (const Value& x : list(a)) {
      for (const Value& y : list(b)) {
        if (x == y || (x == "integer" && y == "number"))
          both.push_back(x);
        else if (x == "number" && y == "integer")
          both.push_back(y);
      }
    }
    return both;
  }

  bool disjoint(const Value& a, const Value& b, const SchemaPlace& place) const {
    const auto types = [&](const Value& schema) {
      std::set<std::string> result = types_of(schema, place);
      if (result.erase("integer") > 0) result.insert("number");
      return result;
    };
    // Without a "type", other types satisfy a schema as well.
    if (const auto x = values_of(a, place), y = values_of(b, place); x && y)
      return std::none_of(x->begin(), x->end(), [&, other = *y](const Value& value) {
        return std::find(other.begin(), other.end(), value) != other.end();
      });
    if (!a.contains("type") || !b.contains("type")) return false;
    const std::set<std::string> of_a = types(a);
    const std::set<std::string> of_b = types(b);
    std::vector<std::string> both;
    std::set_intersection(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(), std::back_inserter(both));
    if (both.empty()) return true;
    if (both != std::vector<std::string>{"object"} || !a.contains("properties") || !b.contains("properties"))
      return false;
    const auto required = [](const Value& schema, const std::string& name) {
      return schema.contains("required") &&
             std::find(schema.at("required").begin(), schema.at("required").end(), name) != schema.at("required").end();
    };
    for (const auto& [name, schema] : a.at("properties").items()) {
      if (!required(a, name) || !required(b, name) || !b.at("properties").contains(name)) continue;
      const Value x = inlined(schema, place / name);
      const Value y = inlined(b.at("properties").at(name), place / name);
      if ((x.contains("enum") || x.contains("const")) && (y.contains("enum") || y.contains("const")) &&
          disjoint(x, y, place / name))
        return true;
    }
    return false;
  }

  static std::string percent_decoded(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto digit = [&](std::size_t at) {
        const char c = at < text.size() ? text[at] : '\0';
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
      };
      if (text[i] == '%' && digit(i + 1) >= 0 && digit(i + 2) >= 0) {
        result.push_back(static_cast<char>(digit(i + 1) * 16 + digit(i + 2)));
        i += 2;
      } else {
        result.push_back(text[i]);
      }
    }
    return result;
  }

  const Value& root_;
  std::string about_;
};

}  // namespace headformer::detail
