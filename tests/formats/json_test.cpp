#include "headformer/formats/json.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bad_input.hpp"

namespace headformer {
namespace {

using tests::expect_error;
using tests::in_memory;

constexpr const char* file = "folder/config.json";

Json parsed(std::string_view text) { return parse_json(in_memory(text, file)); }

TEST(ParseJson, ReadsEveryKindOfValue) {
  const Json json = parsed(R"( {"a": [1, -2, 2.5, true, null, "x\u00e9\n"], "b": {}, "c": 18446744073709551615} )");
  EXPECT_EQ(json["a"][0].get<int>(), 1);
  EXPECT_EQ(json["a"][1].get<int>(), -2);
  EXPECT_EQ(json["a"][2].get<double>(), 2.5);
  EXPECT_TRUE(json["a"][3].get<bool>());
  EXPECT_TRUE(json["a"][4].is_null());
  EXPECT_EQ(json["a"][5].get<std::string>(), "x\xc3\xa9\n");
  EXPECT_TRUE(json["b"].is_object());
  EXPECT_EQ(json["c"].get<std::uint64_t>(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(parsed("3").get<int>(), 3);
}

TEST(ParseJson, TheLastOfDuplicateKeysWins) {
  EXPECT_EQ(parsed(R"({"a": 1, "b": {"x": 1}, "b": 5, "a": [2, 3]})").dump(), R"({"a":[2,3],"b":5})");
}

TEST(ParseJson, RefusesDuplicateKeysWhereAsked) {
  expect_error<FormatError>([] { parse_json(R"({"a": {"b": 1, "b": 2}})", file, DuplicateKeys::refused); },
                            {file, "'b' twice"});
  EXPECT_NO_THROW(parse_json(R"({"a": {"b": 1}, "b": {"b": 2}})", file, DuplicateKeys::refused));
}

TEST(ParseJson, ReadsTheNonFiniteNumbersOfPython) {
  const Json json = parsed(R"({"a": Infinity, "b": [-Infinity,NaN, 1e000000, 1e0], "c": "NaN, Infinity: \" NaN"})");
  EXPECT_EQ(json["a"].get<double>(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(json["b"][0].get<double>(), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(json["b"][1].get<double>()));
  EXPECT_EQ(json["b"][2].get<double>(), 1.0);
  EXPECT_EQ(json["b"][3].get<double>(), 1.0);
  EXPECT_EQ(json["c"].get<std::string>(), "NaN, Infinity: \" NaN");
  EXPECT_TRUE(std::isnan(parsed("NaN").get<double>()));
}

TEST(ParseJson, RefusesWhatIsNoJson) {
  const std::pair<const char*, std::string> cases[] = {
      {"empty", ""},
      {"truncated", R"({"a": [1, 2)"},
      {"text after it", "{} x"},
      {"comma too many", "[1, 2,]"},
      {"no quotes", "{a: 1}"},
      {"newline in a string", "\"a\nb\""},
      {"invalid UTF-8", "{\"a\": \"\xff\"}"},
      {"half a character", "\"\xe2\x82\""},
      {"overlong UTF-8", "\"\xc0\x80\""},
      {"half a surrogate pair", R"("\ud800")"},
      {"a number past double", "1e999"},
      {"a literal in a number", "1NaN"},
      {"a literal as a key", "{NaN: 1}"},
      {"part of a literal", "[Infinit]"},
      {"minus NaN", "[-NaN]"},
      {"a NUL", std::string("[1\0]", 4)},
  };
  for (const auto& [name, text] : cases) {
    SCOPED_TRACE(name);
    expect_error<FormatError>([&] { parsed(text); }, {file, ": expected JSON: "});
  }
}

TEST(ParseJson, SaysWhere) {
  expect_error<FormatError>([] { parsed("{\n  \"a\": ?\n}"); }, {file, "line 2, column 8"});
}

TEST(ParseJson, KeepsItsMessageShort) {
  try {
    parsed("\"" + std::string(100'000, 'x'));
    FAIL() << "no error";
  } catch (const FormatError& error) {
    EXPECT_LT(std::string(error.what()).size(), 500U);
  }
}

TEST(ParseJson, LimitsTheNesting) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_NO_THROW(parsed(nested(128)));
  expect_error<FormatError>([&] { parsed(nested(129)); }, {file, "128"});
  std::string objects;
  for (int i = 0; i < 1'000'000; ++i) objects += "{\"a\":";
  expect_error<FormatError>([&] { parsed(objects); }, {file, "128"});
}

struct Fixture {
  Json json = parsed(R"({"layers": 12, "float_layers": 12.0, "half": 0.5, "big": 18446744073709551615, "minus": -3,
    "name": "x", "flag": true, "nothing": null, "inf": Infinity, "nan": NaN,
    "rope_scaling": {"factor": "x", "deep": {"list": [1, "a"]}},
    "ints": [1, 2.0, 3], "numbers": [1, 2.5], "strings": ["a", "b"], "flags": [true, false], "mixed": [1, true],
    "objects": [{"id": 1}, {"id": 2}], "empty": []})");
  JsonObject config{json, file};
};

TEST(JsonObject, ReadsTypedValues) {
  const Fixture f;
  EXPECT_EQ(f.config.integer("layers"), 12);
  EXPECT_EQ(f.config.integer("float_layers", 1, 12), 12);
  EXPECT_EQ(f.config.integer("minus", -3), -3);
  EXPECT_EQ(f.config.integer_or("absent", 7), 7);
  EXPECT_EQ(f.config.integer_or("nothing", 7), 7);
  EXPECT_EQ(f.config.number("half"), 0.5);
  EXPECT_EQ(f.config.number("layers", 0), 12.0);
  EXPECT_TRUE(std::isinf(f.config.number("inf")));
  EXPECT_TRUE(std::isnan(f.config.number("nan")));
  EXPECT_EQ(f.config.number_or("absent", 2.5), 2.5);
  EXPECT_EQ(f.config.positive("half"), 0.5);
  EXPECT_EQ(f.config.positive_or("absent", 3.0), 3.0);
  EXPECT_TRUE(f.config.boolean("flag"));
  EXPECT_TRUE(f.config.boolean_or("nothing", true));
  EXPECT_EQ(f.config.string("name"), "x");
  EXPECT_EQ(f.config.string_or("absent", "y"), "y");
  EXPECT_EQ(f.config.integers("ints"), (std::vector<Index>{1, 2, 3}));
  EXPECT_EQ(f.config.numbers("numbers"), (std::vector<double>{1, 2.5}));
  EXPECT_EQ(f.config.strings("strings"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(f.config.booleans("flags"), (std::vector<bool>{true, false}));
  EXPECT_TRUE(f.config.strings("empty").empty());
  EXPECT_EQ(f.config.objects("objects")[1].integer("id"), 2);
  EXPECT_TRUE(f.config.has("flag"));
  EXPECT_FALSE(f.config.has("nothing"));
  EXPECT_FALSE(f.config.has("absent"));
  EXPECT_EQ(f.config.object("rope_scaling").object("deep").path(), "rope_scaling.deep");
  EXPECT_EQ(f.config.object("rope_scaling").keys(), (std::vector<std::string>{"deep", "factor"}));
}

TEST(JsonObject, SaysFileKeyExpectedAndFound) {
  const Fixture f;
  const JsonObject scaling = f.config.object("rope_scaling");
  const JsonObject deep = scaling.object("deep");
  struct Case {
    void (*action)(const JsonObject& config, const JsonObject& scaling, const JsonObject& deep);
    const char* message;
  };
#define CASE(expression, message)                                                                       \
  {[]([[maybe_unused]] const auto& c, [[maybe_unused]] const auto& s, [[maybe_unused]] const auto& d) { \
     static_cast<void>(expression);                                                                     \
   },                                                                                                   \
   message}
  const Case cases[] = {
      CASE(c.integer("absent"), "absent: expected an integer, found nothing"),
      CASE(c.integer("nothing"), "nothing: expected an integer, found null"),
      CASE(c.integer("half"), "half: expected an integer, found 0.5"),
      CASE(c.integer("inf"), "inf: expected an integer, found inf"),
      CASE(c.integer("nan"), "nan: expected an integer, found nan"),
      CASE(c.integer("big"), "big: expected an integer, found 18446744073709551615"),
      CASE(c.integer("flag"), "flag: expected an integer, found true"),
      CASE(c.integer("layers", 13), "layers: expected an integer >= 13, found 12"),
      CASE(c.integer("layers", 1, 8), "layers: expected an integer in [1, 8], found 12"),
      CASE(c.integer_or("name", 1), "name: expected an integer, found 'x'"),
      CASE(c.number("name"), "name: expected a number, found 'x'"),
      CASE(c.number("minus", 0), "minus: expected a number >= 0, found -3"),
      CASE(c.number("half", 1, 2), "half: expected a number in [1, 2], found 0.5"),
      CASE(c.number("nan", 0), "nan: expected a number >= 0, found nan"),
      CASE(c.number("absent"), "absent: expected a number, found nothing"),
      CASE(s.positive("factor"), "rope_scaling.factor: expected a number > 0, found 'x'"),
      CASE(c.positive("minus"), "minus: expected a number > 0, found -3"),
      CASE(c.positive("nan"), "nan: expected a number > 0, found nan"),
      CASE(c.positive("inf"), "inf: expected a number > 0, found inf"),
      CASE(c.boolean("layers"), "layers: expected true or false, found 12"),
      CASE(c.string("rope_scaling"), "rope_scaling: expected a string, found an object"),
      CASE(c.string_or("ints", ""), "ints: expected a string, found an array of 3"),
      CASE(c.object("ints"), "ints: expected an object, found an array of 3"),
      CASE(c.object("absent"), "absent: expected an object, found nothing"),
      CASE(c.objects("ints"), "ints[0]: expected an object, found 1"),
      CASE(d.integers("list"), "rope_scaling.deep.list[1]: expected an integer, found 'a'"),
      CASE(c.integers("ints", 2), "ints[0]: expected an integer >= 2, found 1"),
      CASE(c.integers("name"), "name: expected an array, each element an integer, found 'x'"),
      CASE(c.numbers("strings"), "strings[0]: expected a number, found 'a'"),
      CASE(c.numbers("numbers", 2), "numbers[0]: expected a number >= 2, found 1"),
      CASE(c.strings("mixed"), "mixed[0]: expected a string, found 1"),
      CASE(c.strings("absent"), "absent: expected an array, each element a string, found nothing"),
      CASE(c.booleans("mixed"), "mixed[0]: expected true or false, found 1"),
      CASE(c.fail("layers", "a multiple of 5"), "layers: expected a multiple of 5, found 12"),
  };
#undef CASE
  for (const auto& [action, message] : cases) {
    SCOPED_TRACE(message);
    expect_error<ConfigError>([&] { action(f.config, scaling, deep); }, {std::string(file) + ": " + message});
  }
}

TEST(JsonObject, RefusesAFileThatIsNoObject) {
  const Json json = parsed("[1]");
  expect_error<ConfigError>([&] { JsonObject(json, file); }, {file, "expected an object, found an array of 1"});
}

TEST(JsonObject, KeepsMessagesReadable) {
  const Json json = {{"key\nwith a line", std::string(10'000, 'y')}};
  const JsonObject config(json, file);
  expect_error<ConfigError>([&] { config.integer("key\nwith a line"); }, {"key?with a line", "yyy..."});
}

}  // namespace
}  // namespace headformer
