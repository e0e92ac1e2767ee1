#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/generate/constrained/json_numbers.hpp"
#include "headformer/generate/constrained/json_schema.hpp"
#include "headformer/generate/constrained/json_schema_merge.hpp"
#include "headformer/generate/constrained/json_strings.hpp"

namespace headformer {
namespace detail {

class JsonSchemaCompiler {
 public:
  using Part = GrammarBuilder::Part;
  using Value = SchemaValue;

  JsonSchemaCompiler(const Value& root, const std::string& about)
      : root_(root), about_(about), strings_(builder_), numbers_(builder_) {
    const Part blank = builder_.points({U' ', U' '});
    CodePoints indents(U' ');
    indents.add(U'\t', U'\t');
    const Part lines = builder_.sequence(
        {builder_.repeat(builder_.text("\n"), 1, 2), builder_.repeat(builder_.points(indents), 0, 20)});
    blanks_ = builder_.any_of({builder_.nothing(), blank, lines});
    any_string_ = strings_.any();
    any_value_ = builder_.declare();
    any_object_ = object_of({}, any_string_, any_value_, 0, unlimited);
    any_array_ = array_of({}, any_value_, 0, unlimited);
    builder_.define(any_value_,
                    {{any_object_}, {any_array_}, {any_string_}, {numbers_.any_number()}, {boolean()}, {null()}});
  }

  HEADFORMER_COLD Grammar grammar() {
    const Part root = reference("#", SchemaPlace{about_, "#"});
    try {
      return builder_.finish(root, about_);
    } catch (const ArgumentError& error) {
      throw ArgumentError(std::string(error.what()) +
                          " (a schema that nothing satisfies, or that refers to itself only)");
    }
  }

 private:
  static constexpr std::size_t unlimited = GrammarBuilder::unlimited;

  struct Member {
    std::string name;
    Part value;
    bool required;
  };

  Part boolean() { return builder_.any_of({builder_.text("true"), builder_.text("false")}); }
  Part null() { return builder_.text("null"); }
  Part literal(const Value& value) { return builder_.text(value.dump()); }

  // --- any schema ---

  /// What is beside anyOf is laid over each branch, so that references in a circle could go on for ever.
  struct Depth {
    explicit Depth(int& value) : depth(++value) {}
    ~Depth() { --depth; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;
    int& depth;
  };

  Part schema(const Value& given, const SchemaPlace& place) {
    const Depth deeper(depth_);
    if (depth_ > 128 || ++schemas_ > 20000)
      SchemaPlace{about_, "#"}.fail("references and branches that come to an end", root_);
    if (given.is_boolean()) return given.get<bool>() ? any_value_ : builder_.never();
    const Value schema = merger_.resolved(given, place);
    if (const auto ref = schema.find("$ref"); ref != schema.end())
      return reference(ref->get<std::string>(), place / "$ref");
    for (const char* const key : {"anyOf", "oneOf"}) {
      const auto found = schema.find(key);
      if (found == schema.end()) continue;
      return branches(schema, key, place);
    }
    if (const auto values = merger_.values_of(schema, place)) {
      std::vector<Part> parts;
      for (const Value& value : *values) parts.push_back(literal(value));
      return builder_.any_of(parts);
    }
    std::vector<Part> parts;
    const std::set<std::string> types = merger_.types_of(schema, place);
    if (types.size() == merger_.all_types().size() && !merger_.constrains(schema)) return any_value_;
    for (const std::string& type : types) {
      if (type == "null") parts.push_back(null());
      if (type == "boolean") parts.push_back(boolean());
      if (type == "string") parts.push_back(string(schema, place));
      if (type == "integer" && !types.contains("number")) parts.push_back(number(schema, place, true));
      if (type == "number") parts.push_back(number(schema, place, false));
      if (type == "array") parts.push_back(array(schema, place));
      if (type == "object") parts.push_back(object(schema, place));
    }
    return builder_.any_of(parts);
  }

  /// Each branch with what stands beside it.
  Part branches(const Value& schema, const std::string& key, const SchemaPlace& place) {
    Value rest = schema;
    rest.erase(key);
    std::vector<Part> parts;
    std::vector<Value> merged;
    std::size_t i = 0;
    for (const Value& branch : schema.at(key)) {
      const SchemaPlace at = place / key / std::to_string(i++);
      // One that stands alone keeps its reference, which may lead back here.
      merged.push_back(merger_.constrains(rest) ? merger_.merge(merger_.inlined(branch, at), rest, at) : branch);
      parts.push_back(this->schema(merged.back(), at));
    }
    if (key == "oneOf") merger_.expect_disjoint(merged, place / key);
    return builder_.any_of(parts);
  }

  /// What a $ref leads to, made once: it may contain itself.
  Part reference(const std::string& pointer, const SchemaPlace& place) {
    if (const auto known = references_.find(pointer); known != references_.end()) return known->second;
    const Value& target = merger_.target(pointer, place);
    const Part part = references_[pointer] = builder_.declare();
    builder_.name(part, pointer);
    builder_.define(part, {{schema(target, SchemaPlace{about_, pointer})}});
    return part;
  }

  // --- strings and numbers ---

  std::size_t count(const Value& schema, const char* key, const SchemaPlace& place, std::size_t fallback) const {
    const auto found = schema.find(key);
    if (found == schema.end()) return fallback;
    const bool whole = found->is_number_unsigned() || (found->is_number_float() && found->get<double>() >= 0 &&
                                                       found->get<double>() == std::floor(found->get<double>()));
    if (!whole || found->get<double>() > 1e6) (place / key).fail("a whole number of 0 to 1000000", *found);
    return found->get<std::size_t>();
  }

  Part string(const Value& schema, const SchemaPlace& place) {
    const bool lengths = schema.contains("minLength") || schema.contains("maxLength");
    const bool pattern = schema.contains("pattern");
    const bool format = schema.contains("format");
    if (pattern + format + lengths > 1)
      place.fail("one of pattern, format and lengths (minLength, maxLength) at a time", schema);
    if (pattern) {
      if (!schema.at("pattern").is_string()) (place / "pattern").fail("a regular expression", schema.at("pattern"));
      return strings_.matching(schema.at("pattern").get<std::string>(), (place / "pattern").text());
    }
    if (format) {
      const Value& name = schema.at("format");
      const auto known = name.is_string() ? strings_.of_format(name.get<std::string>()) : std::nullopt;
      if (!known)
        (place / "format")
            .fail("date, time, date-time, duration, email, hostname, ipv4, ipv6, uuid, uri or json-pointer", name);
      return *known;
    }
    if (!lengths) return any_string_;
    const std::size_t least = count(schema, "minLength", place, 0);
    const std::size_t most = count(schema, "maxLength", place, unlimited);
    return least > most ? builder_.never() : strings_.of_length(least, most);
  }

  /// A bound's decimal digits; nothing where there is none. `inclusive` and `exclusive` are the keywords; the stricter
  /// of both counts.
  JsonNumbers::Bound bound(const Value& schema, const char* inclusive, const char* exclusive, bool lower,
                           const SchemaPlace& place) const {
    std::optional<double> value;
    bool strict = false;
    for (const char* key : {inclusive, exclusive}) {
      const auto found = schema.find(key);
      if (found == schema.end()) continue;
      if (!found->is_number() || !(std::abs(found->get<double>()) < 1e15))
        (place / key).fail("a number of less than 1e15", *found);
      const double number = found->get<double>();
      if (!value || (lower ? number >= *value : number <= *value)) {
        strict = key == exclusive;
        value = number;
      }
    }
    if (!value) return std::nullopt;
    DecimalBound result;
    result.exclusive = strict;
    result.negative = *value < 0;
    std::string digits = Value(std::abs(*value)).dump();  // the shortest that reads back as the number
    if (const auto e = digits.find('e'); e != std::string::npos) {
      if (std::abs(*value) >= 1) place.fail("bounds with decimal digits", schema);
      char buffer[400];
      std::snprintf(buffer, sizeof buffer, "%.330f", std::abs(*value));
      digits = buffer;
    }
    const auto point = digits.find('.');
    result.whole = digits.substr(0, point);
    if (point != std::string::npos) result.fraction = digits.substr(point + 1);
    while (!result.fraction.empty() && result.fraction.back() == '0') result.fraction.pop_back();
    return result;
  }

  Part number(const Value& schema, const SchemaPlace& place, bool whole) {
    JsonNumbers::Bound least = bound(schema, "minimum", "exclusiveMinimum", true, place);
    JsonNumbers::Bound most = bound(schema, "maximum", "exclusiveMaximum", false, place);
    std::int64_t factor = 1;
    if (const auto multiple = schema.find("multipleOf"); multiple != schema.end()) {
      if (!multiple->is_number() || multiple->get<double>() != std::floor(multiple->get<double>()) ||
          !(multiple->get<double>() >= 1 && multiple->get<double>() <= 1000))
        (place / "multipleOf").fail("a whole number of 1 to 1000", *multiple);
      factor = static_cast<std::int64_t>(multiple->get<double>());
      whole = true;
    }
    if (!whole) return least || most ? numbers_.numbers(least, most) : numbers_.any_number();
    if (!least && !most) return factor > 1 ? numbers_.multiples(factor) : numbers_.any_integer();
    constexpr std::int64_t greatest = 999999999999999;
    const std::int64_t from = least ? rounded(*least, true) : -greatest;
    const std::int64_t to = most ? rounded(*most, false) : greatest;
    if (from > to) return builder_.never();
    if (factor == 1) return numbers_.integers(from, to);
    const auto floor_multiple = [&](std::int64_t x) {
      return (x >= 0 ? x / factor : -((-x + factor - 1) / factor)) * factor;
    };
    const std::int64_t first = -floor_multiple(-from);
    if ((to - first) / factor > 10000)
      place.fail("multipleOf with bounds that at most 10000 multiples lie between", schema);
    std::vector<Part> parts;
    for (std::int64_t x = first; x <= to; x += factor) parts.push_back(builder_.text(std::to_string(x)));
    return builder_.any_of(parts);
  }
  /// The first whole number inside a bound.
  static std::int64_t rounded(const DecimalBound& bound, bool lower) {
    std::int64_t value = std::stoll(bound.whole);
    const bool exact = bound.fraction.empty();
    if (bound.negative) value = -value;
    if (exact) return value + (bound.exclusive ? (lower ? 1 : -1) : 0);
    return lower ? value + (bound.negative ? 0 : 1) : value - (bound.negative ? 1 : 0);
  }

  // --- arrays and objects ---

  Part with_blanks(const char* open, Part inside, const char* close) {
    return builder_.sequence({builder_.text(open), blanks_, inside, blanks_, builder_.text(close)});
  }
  Part comma() { return builder_.sequence({builder_.text(","), blanks_}); }

  /// The first of `places`, then any number of `more`, nothing where there is none.
  Part array_of(const std::vector<Part>& places, std::optional<Part> more, std::size_t least, std::size_t most) {
    if (least > most) return builder_.never();
    // From the end: what may follow when i have come.
    const std::size_t fixed = std::min(places.size(), most);
    const std::size_t rest_least = least > fixed ? least - fixed : 0;
    const std::size_t rest_most = !more || fixed < places.size() ? 0 : most == unlimited ? unlimited : most - fixed;
    if (rest_least > rest_most) return builder_.never();
    Part tail = builder_.nothing();
    if (rest_most > 0) {
      tail = fixed == 0 ? builder_.separated(*more, comma(), rest_least, rest_most)
                        : builder_.repeat(builder_.sequence({comma(), *more}), rest_least, rest_most);
    }
    for (std::size_t i = fixed; i-- > 0;) {
      std::vector<Part> parts;
      if (i > 0) parts.push_back(comma());
      parts.push_back(places[i]);
      parts.push_back(tail);
      tail = builder_.sequence(std::move(parts));
      if (i >= least) tail = builder_.optional(tail);
    }
    return with_blanks("[", tail, "]");
  }

  Part array(const Value& schema, const SchemaPlace& place) {
    const bool unique = schema.contains("uniqueItems") && schema.at("uniqueItems") != false;
    const std::size_t least = count(schema, "minItems", place, 0);
    const std::size_t most = count(schema, "maxItems", place, unlimited);
    if (unique && most > 1) (place / "uniqueItems").fail("false, or a maxItems of 1", schema.at("uniqueItems"));
    // Draft 7 has a list in items, and additionalItems.
    const bool tuple = schema.contains("items") && schema.at("items").is_array();
    const char* const first = tuple ? "items" : "prefixItems";
    const char* const rest = tuple ? "additionalItems" : "items";
    std::vector<Part> places;
    if (const auto found = schema.find(first); found != schema.end()) {
      if (!found->is_array()) (place / first).fail("a list of schemas", *found);
      std::size_t i = 0;
      for (const Value& item : *found) {
        places.push_back(this->schema(item, place / first / std::to_string(i)));
        ++i;
      }
    }
    std::optional<Part> more = any_value_;
    if (const auto found = schema.find(rest); found != schema.end()) {
      more = *found == false ? std::optional<Part>() : this->schema(*found, place / rest);
    }
    return array_of(places, more, least, most);
  }

  Part member(Part key, Part value) { return builder_.sequence({key, builder_.text(":"), blanks_, value}); }

  /// `members` in their order, then `least` to `most` of any others.
  Part object_of(const std::vector<Member>& members, Part other_key, std::optional<Part> other_value, std::size_t least,
                 std::size_t most) {
    Part behind = builder_.nothing();   // when some have come
    Part instead = builder_.nothing();  // when none have
    if (other_value && most > 0) {
      const Part other = member(other_key, *other_value);
      behind = builder_.repeat(builder_.sequence({comma(), other}), least, most);
      instead = builder_.separated(other, comma(), least, most);
    }
    for (std::size_t i = members.size(); i-- > 0;) {
      const Part own = member(builder_.text(Value(members[i].name).dump()), members[i].value);
      const Part first = builder_.sequence({own, behind});
      const Part later = builder_.sequence({comma(), own, behind});
      instead = members[i].required ? first : builder_.any_of({first, instead});
      behind = members[i].required ? later : builder_.any_of({later, behind});
    }
    return with_blanks("{", instead, "}");
  }

  Part object(const Value& schema, const SchemaPlace& place) {
    std::set<std::string> required;
    if (const auto found = schema.find("required"); found != schema.end()) {
      for (const Value& name : *found) required.insert(name.get<std::string>());
    }
    std::vector<Member> members;
    std::vector<std::string> names;
    if (const auto found = schema.find("properties"); found != schema.end()) {
      if (!found->is_object()) (place / "properties").fail("an object of schemas", *found);
      for (const auto& [name, value] : found->items()) {
        const bool needed = required.erase(name) > 0;
        names.push_back(name);
        if (value == false && !needed) continue;
        members.push_back({name, this->schema(value, place / "properties" / name), needed});
      }
    }
    // Others: where additionalProperties says so, or nothing is said about any.
    std::optional<Part> other;
    if (const auto found = schema.find("additionalProperties"); found != schema.end()) {
      if (*found != false) other = this->schema(*found, place / "additionalProperties");
    } else if (names.empty() && !schema.contains("patternProperties")) {
      other = any_value_;
    }
    for (const std::string& name : required) {  // one that properties does not name
      if (!other) return builder_.never();
      names.push_back(name);
      members.push_back({name, *other, true});
    }
    Part key = names.empty() ? any_string_ : strings_.quoted(another_name(names, 0));
    if (const auto found = schema.find("patternProperties"); found != schema.end() && !found->empty()) {
      const bool alone = found->is_object() && found->size() == 1 && names.empty() &&
                         (!schema.contains("additionalProperties") || schema.at("additionalProperties") == false);
      if (!alone)
        (place / "patternProperties")
            .fail("one pattern, without properties and additionalProperties beside it", *found);
      const std::string pattern = found->begin().key();
      key = strings_.matching(pattern, (place / "patternProperties" / pattern).text());
      other = this->schema(found->begin().value(), place / "patternProperties" / pattern);
    }
    if (const auto found = schema.find("propertyNames"); found != schema.end() && *found != true) {
      if (!names.empty() || schema.contains("patternProperties"))
        (place / "propertyNames").fail("no properties or patternProperties beside it", *found);
      Value with_type = *found;
      if (!with_type.is_object()) (place / "propertyNames").fail("a schema of strings", *found);
      with_type["type"] = "string";
      key = this->schema(with_type, place / "propertyNames");
    }
    return counted(schema, place, members, key, other);
  }

  /// minProperties and maxProperties, where they can be kept: names of other members could come twice, so that more
  /// than one of them counts for nothing.
  Part counted(const Value& schema, const SchemaPlace& place, const std::vector<Member>& members, Part key,
               std::optional<Part> other) {
    const std::size_t least = count(schema, "minProperties", place, 0);
    const std::size_t most = count(schema, "maxProperties", place, unlimited);
    const auto needed = static_cast<std::size_t>(
        std::count_if(members.begin(), members.end(), [](const Member& each) { return each.required; }));
    if (needed > most) return builder_.never();
    std::size_t others_least = 0;
    if (least > needed) {
      if (least > needed + 1 || !other)
        (place / "minProperties")
            .fail("at most the number of required members, and one more where others may come",
                  schema.at("minProperties"));
      others_least = 1;
    }
    if (most != unlimited && members.size() > most && needed < members.size())
      (place / "maxProperties").fail("at least the number of properties", schema.at("maxProperties"));
    const std::size_t others_most = most == unlimited ? unlimited : most - std::min(most, members.size());
    if (others_least > others_most) return builder_.never();
    return object_of(members, key, other, others_least, others_most);
  }

  /// Characters of a name that is none of these, which agree up to `at`. They are written without escapes.
  Part another_name(const std::vector<std::string>& names, std::size_t at) {
    CodePoints special(0, 0x1f);
    special.add(U'"', U'"').add(U'\\', U'\\');
    CodePoints others = special.complement();
    const Part anything = builder_.repeat(builder_.points(others), 0, unlimited);
    std::map<char, std::vector<std::string>> by_next;
    bool ends_here = false;
    bool beyond_ascii = false;
    for (const std::string& name : names) {
      if (name.size() == at)
        ends_here = true;
      else if (static_cast<unsigned char>(name[at]) < 0x80)
        by_next[name[at]].push_back(name);
      else
        beyond_ascii = true;  // no such name then: simpler than telling their bytes apart
    }
    std::vector<Part> parts;
    if (!ends_here) parts.push_back(builder_.nothing());
    CodePoints taken = special;
    if (beyond_ascii) taken.add(0x80, CodePoints::greatest);
    for (const auto& [next, those] : by_next) {
      const auto point = static_cast<char32_t>(next);
      if (special.contains(point)) continue;
      taken.add(point, point);
      parts.push_back(builder_.sequence({builder_.text(std::string(1, next)), another_name(those, at + 1)}));
    }
    parts.push_back(builder_.sequence({builder_.points(taken.complement()), anything}));
    return builder_.any_of(parts);
  }

  const Value& root_;
  std::string about_;
  GrammarBuilder builder_;
  JsonStrings strings_;
  JsonNumbers numbers_;
  SchemaMerger merger_{root_, about_};
  std::map<std::string, Part> references_;
  int depth_ = 0;
  int schemas_ = 0;
  Part blanks_ = 0;
  Part any_string_ = 0;
  Part any_value_ = 0;
  Part any_object_ = 0;
  Part any_array_ = 0;
};

}  // namespace detail

HEADFORMER_COLD HEADFORMER_INLINE Grammar grammar_of_json_schema(std::string_view schema, const std::string& about) {
  parse_json(schema, about);  // its errors say where, and it bounds the depth
  return detail::JsonSchemaCompiler(detail::SchemaValue::parse(schema), about).grammar();
}

}  // namespace headformer
