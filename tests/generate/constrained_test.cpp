#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "headformer/generate/constrained/gbnf.hpp"
#include "headformer/generate/constrained/json_schema.hpp"
#include "headformer/generate/constrained/regular_expression.hpp"
#include "headformer/generate/constrained/token_constraint.hpp"
#include "headformer/generate/sampler.hpp"
#include "support/errors.hpp"

namespace headformer::testing {
namespace {

bool grammar_matches(GrammarStates& states, std::string_view text) {
  return states.accepts(states.next(states.start(), text));
}

struct Texts {
  std::string source;
  std::vector<std::string> matched;
  std::vector<std::string> others;
};

template <class Parse>
void expect_texts(const std::vector<Texts>& cases, Parse parse) {
  for (const auto& [source, matched, others] : cases) {
    SCOPED_TRACE(source);
    GrammarStates states(parse(source));
    for (const std::string& text : matched) EXPECT_TRUE(grammar_matches(states, text)) << source << "  -  " << text;
    for (const std::string& text : others) EXPECT_FALSE(grammar_matches(states, text)) << source << "  -  " << text;
  }
}

template <class Parse>
void expect_errors(const std::vector<std::pair<std::string, std::string>>& cases, Parse parse) {
  for (const auto& [source, message] : cases) {
    try {
      parse(source);
      ADD_FAILURE() << "expected an error for " << source;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(message), std::string::npos) << source << "  -  " << error.what();
    }
  }
}

TEST(RegularExpressions, MatchWholeTexts) {
  expect_texts(
      {
          {"abc", {"abc"}, {"", "ab", "abcd", "xabc"}},
          {"", {""}, {"a"}},
          {"a|bc|", {"a", "bc", ""}, {"b", "abc"}},
          {"(ab)*c+", {"c", "ababccc"}, {"ab", "abac"}},
          {"a{2,3}b{2}c{1,}d{,1}", {"aabbc", "aaabbccd"}, {"abbc", "aaaabbc", "aabbcdd"}},
          {"(a*)*b", {"b", "aaab"}, {"a"}},
          {"a??b*?c+?", {"c", "abbcc"}, {"ab"}},
          {"[a-c1-]+", {"abc1-"}, {"", "d", "2"}},
          {"[^a-c]", {"d", "\xc3\xa9", "\xf0\x9f\x98\x80"}, {"a", "", "dd", "\xc3"}},
          {"[]", {}, {"", "a"}},
          {"[^]", {"a", "\n"}, {""}},
          {"\\d\\w\\s", {"1a ", "9_\n"}, {"aa ", "1- "}},
          {"\\D", {"a", " "}, {"1"}},
          {"[\\d.]+", {"1.5"}, {"a"}},
          {".", {"a", "\xe2\x82\xac"}, {"\n", "\r", "ab"}},
          {"^a$|^b", {"a", "b"}, {"ab"}},
          {"(?:x)(?<name>y)(?P<other>z)(w)", {"xyzw"}, {"xyz"}},
          {"\\x41\\u00e9\\u{1F600}\\n\\t\\.\\/\\-", {"A\xc3\xa9\xf0\x9f\x98\x80\n\t./-"}, {"A"}},
          {"[\xc3\xa9-\xe2\x82\xac]", {"\xc3\xa9", "\xe0\xa0\x80", "\xe2\x82\xac"}, {"\xc3\xa8", "\xe2\x82\xad", "a"}},
          {"(\\(|\\))+", {"()(("}, {"a"}},
      },
      [](const std::string& source) {
        if (source != "[]") return grammar_of_regular_expression(source);
        EXPECT_THROW(grammar_of_regular_expression(source), ArgumentError) << "nothing is matched";
        return grammar_of_regular_expression("x{3}");
      });
}

TEST(RegularExpressions, WhatIsNotRegularIsAnErrorThatNamesIt) {
  expect_errors({{"(?=a)b", "lookaround"},
                 {"(?<!a)b", "lookaround"},
                 {"(?i)a", "flags"},
                 {"(a)\\1", "back reference"},
                 {"a\\b", "column 3"},
                 {"\\pL", "escape"},
                 {"a++", "possessive"},
                 {"*a", "something to repeat"},
                 {"a**", "something to repeat"},
                 {"(a", "')'"},
                 {"a)", "groups that begin"},
                 {"[a", "]"},
                 {"[b-a]", "ascends"},
                 {"a{3,2}", "at most no less"},
                 {"a{9999999}", "at most 100000"},
                 {"a^b", "^"},
                 {"\\u{110000}", "Unicode"},
                 {"\\ud800", "Unicode"},
                 {"\xff", "UTF-8"},
                 {"(a{99999}){99999}(b{99999}){99999}(c{99999}){99999}", "elements"},
                 {std::string(300, '(') + std::string(300, ')'), "groups in each other"}},
                [](const std::string& source) { grammar_of_regular_expression(source); });
}

TEST(Gbnf, MatchesAsLlamaCppDescribes) {
  expect_texts(
      {
          {"root ::= \"yes\" | \"no\"", {"yes", "no"}, {"", "yesno"}},
          {"# a comment\nroot ::= expr \"=\" ws number \"\\n\" # another\nexpr ::= term ([-+*/] term)*\n"
           "term ::= number | \"(\" expr \")\"\nnumber ::= [0-9]+ ws\nws ::= [ \\t\\n]*\n",
           {"1+2=3\n", "(1 +2)*3= 9\n"},
           {"1+=3\n", "1+2=3"}},
          {"root ::= (\n  \"a\" |\n  \"b\"\n)+\n\n", {"a", "abba"}, {""}},
          {"root ::= \"a\"\n  | \"b\"\nother ::= \"c\"", {"a", "b"}, {"c"}},
          {"root ::= [^\\n\\x41]{2,3} .?",
           {"ab", "abcd",
            "\xc3\xa9\xc3\xa9"
            "A"},
           {"a", "aA", "A"}},
          {"root ::= \"\\\"\\\\\\x41\\u00e9\\U0001F600\"", {"\"\\A\xc3\xa9\xf0\x9f\x98\x80"}, {"A"}},
          {"root ::= item{2,}\nitem ::= \"x\" root? \"y\"", {"xyxy", "xxyxyyxy"}, {"xy", "xyx"}},
          {"root ::= a-b_c\na-b_c ::= \"1\"*", {"", "111"}, {"2"}},
      },
      [](const std::string& source) { return parse_gbnf(source); });
}

TEST(Gbnf, ErrorsSayWhere) {
  expect_errors({{"root ::= \"a\"\nroot ::= \"b\"", "line 2"},
                 {"root ::= other", "other"},
                 {"rule ::= \"a\"", "root"},
                 {"root = \"a\"", "'::='"},
                 {"root ::= root \"a\" | \"b\"", "left recursion), found root"},
                 {"root ::= a\na ::= b? a \"x\" | \"y\"\nb ::= \"z\"", "left recursion"},
                 {"root ::= \"a\" root", "none does"},
                 {"root ::= \"a", "found the end"},
                 {"root ::= [b-a]", "ascends"},
                 {"root ::= \"\\q\"", "escape"},
                 {"root ::= )", "end of the rule"},
                 {"", "root"}},
                [](const std::string& source) { parse_gbnf(source, "file.gbnf"); });
}

TEST(Choices, AreTheOnlyTexts) {
  GrammarStates states(grammar_of_choices({"red", "green", "re"}));
  for (const char* text : {"red", "green", "re"}) EXPECT_TRUE(grammar_matches(states, text));
  for (const char* text : {"", "r", "reds", "redgreen"}) EXPECT_FALSE(grammar_matches(states, text));
  EXPECT_THROW(grammar_of_choices({}), ArgumentError);
}

TEST(JsonSchemas, MatchValidTextsOnly) {
  expect_texts(
      {
          {"true",
           {"1", "{}", "[1, \"a\", null]", "{\"a\": {\"b\": [true]}}", "-1.5e3"},
           {"", "01", "{a:1}", "[1,]", "tru"}},
          {R"({"type": "string"})", {R"("")", R"("a\n\u00e9")"}, {"1", R"("a)", "\"a\n\"", R"("\ud83d")", R"("\q")"}},
          {R"({"type": ["string", "null"]})", {R"("a")", "null"}, {"1"}},
          {R"({"type": "string", "minLength": 2, "maxLength": 3})",
           {R"("ab")", "\"\xc3\xa9\xc3\xa9\xc3\xa9\"", R"("\n\\\"")"},
           {R"("a")", R"("abcd")"}},
          {R"({"type": "string", "pattern": "^a\"b$"})", {R"("a\"b")"}, {R"("a"b")", R"("xa\"b")"}},
          {R"({"type": "string", "pattern": "b+"})", {R"("b")", R"("abc")", R"("\nbb\\")"}, {R"("ac")"}},
          {R"({"type": "string", "format": "date"})", {R"("2024-02-28")"}, {R"("2024-02-30")", R"("2024-13-01")"}},
          {R"({"format": "ipv4", "type": "string"})", {R"("255.0.10.1")"}, {R"("256.0.0.1")", R"("1.2.3")"}},
          {R"({"type": "string", "format": "duration"})",
           {R"("P1Y2M3DT4H5M6S")", R"("PT5S")", R"("P3W")"},
           {R"("P")", R"("P1S")"}},
          {R"({"enum": ["a", 1, null, {"k": [2]}]})", {R"("a")", "1", "null", R"({"k":[2]})"}, {"2", R"("b")"}},
          {R"({"enum": ["a", 1], "type": "string"})", {R"("a")"}, {"1"}},
          {R"({"const": "x\"y"})", {R"("x\"y")"}, {R"("x")"}},
          {R"({"type": "integer"})", {"0", "-12"}, {"01", "1.5", "+1", "1e3"}},
          {R"({"type": "integer", "minimum": -3, "maximum": 120})",
           {"-3", "-1", "0", "9", "10", "99", "100", "119", "120"},
           {"-4", "-10", "121", "130", "200", "1000"}},
          {R"({"type": "integer", "exclusiveMinimum": 5.5, "exclusiveMaximum": 8})", {"6", "7"}, {"5", "8"}},
          {R"({"type": "integer", "minimum": -5.5})", {"-5", "123456"}, {"-6"}},
          {R"({"type": "integer", "multipleOf": 7})", {"0", "14", "-21", "700"}, {"1", "15", "-22"}},
          {R"({"type": "integer", "multipleOf": 5, "minimum": -7, "maximum": 12})",
           {"-5", "0", "10"},
           {"-10", "15", "1"}},
          {R"({"type": "number", "minimum": 0.25, "maximum": 1.5})",
           {"0.25", "0.250", "0.3", "1", "1.0", "1.49", "1.5", "1.50"},
           {"0.2", "0.249", "1.51", "1.6", "2", "0", "-1"}},
          {R"({"type": "number", "exclusiveMinimum": -1.5, "maximum": 0})",
           {"-1.4", "-1.49", "0", "-0.5", "-0"},
           {"-1.5", "-1.50", "-1.6", "0.1", "1"}},
          {R"({"type": "number", "exclusiveMaximum": 3})", {"2.9", "-100.5", "0"}, {"3", "3.0", "3.1"}},
          {R"({"type": "number", "minimum": 2, "maximum": 2})", {"2", "2.00"}, {"2.1", "1.9"}},
          {R"({"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 3})",
           {"[1]", "[1, 2,3]", "[\n  1\n]"},
           {"[]", "[1,2,3,4]", "[\"a\"]"}},
          {R"({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": false})",
           {"[]", "[1]", R"([1, "a"])"},
           {R"(["a"])", R"([1, "a", 2])"}},
          {R"({"type": "array", "prefixItems": [{"const": 1}], "minItems": 2, "items": {"const": 2}})",
           {"[1,2]", "[1,2,2]"},
           {"[1]", "[2]"}},
          {R"({"type": "array", "items": [{"const": 1}], "additionalItems": {"const": 2}})", {"[]", "[1, 2]"}, {"[2]"}},
          {R"({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}, "c": true},
               "required": ["b"]})",
           {R"({"b":"x"})", R"({"a": 1, "b": "x"})", R"({"a":1,"b":"x","c":null})", R"({"b":"x","c":[1]})"},
           {"{}", R"({"a":1})", R"({"b":1})", R"({"b":"x","d":1})", R"({"b":"x",})", R"({,"b":"x"})"}},
          {R"({"type": "object", "properties": {"ab": {"const": 1}}, "additionalProperties": {"type": "string"}})",
           {"{}", R"({"ab":1})", R"({"ab":1,"a":"x","abc":"y"})", R"({"b":"x"})"},
           {R"({"ab":"x"})", R"({"a":1})", R"({"ab":1,"ab":"x"})"}},
          {R"({"type": "object", "additionalProperties": {"const": 1}, "maxProperties": 2, "minProperties": 1})",
           {R"({"x":1})", R"({"x":1,"y":1})"},
           {"{}", R"({"x":1,"y":1,"z":1})"}},
          {R"({"type": "object", "patternProperties": {"^x[0-9]$": {"const": 1}}})",
           {"{}", R"({"x1":1})"},
           {R"({"y":1})", R"({"x1":2})"}},
          {R"({"type": "object", "propertyNames": {"maxLength": 2}})", {R"({"ab": 1})"}, {R"({"abc": 1})"}},
          {R"({"type": "object", "required": ["z"], "additionalProperties": true})", {R"({"z": 1, "y": 2})"}, {"{}"}},
          {R"({"anyOf": [{"type": "integer"}, {"type": "array", "items": {"$ref": "#"}}]})",
           {"1", "[]", "[[1], 2]"},
           {"\"a\"", "[\"a\"]"}},
          {R"({"type": "object", "properties": {"v": {"type": "integer"}, "next": {"$ref": "#/$defs/node"}},
               "required": ["v", "next"], "$defs": {"node": {"anyOf": [{"type": "null"}, {"$ref": "#"}]}}})",
           {R"({"v":1,"next":null})", R"({"v":1,"next":{"v":2,"next":null}})"},
           {R"({"v":1})"}},
          {R"({"oneOf": [{"type": "object", "properties": {"k": {"const": "a"}, "x": {"type": "integer"}}, "required": ["k", "x"]},
                         {"type": "object", "properties": {"k": {"const": "b"}}, "required": ["k"]}]})",
           {R"({"k":"a","x":1})", R"({"k":"b"})"},
           {R"({"k":"a"})", R"({"k":"c"})"}},
          {R"({"allOf": [{"type": "object", "properties": {"a": {"minimum": 1, "type": "integer"}}},
                         {"properties": {"a": {"maximum": 3}}, "required": ["a"]}]})",
           {R"({"a":2})"},
           {"{}", R"({"a":4})", R"({"a":0})"}},
          {R"({"$ref": "#/$defs/n", "minimum": 3, "$defs": {"n": {"type": "integer", "maximum": 5}}})",
           {"4"},
           {"2", "6"}},
          {R"({"type": "integer", "anyOf": [{"minimum": 10}, {"maximum": -10}]})", {"10", "-11"}, {"5", "-9"}},
          {R"({"properties": {"a": {"const": 1}}, "required": ["a"], "additionalProperties": false, "title": "T"})",
           {R"({"a": 1})"},
           {R"({"a": 1, "b": 2})"}},
      },
      [](const std::string& source) { return grammar_of_json_schema(source); });
}

TEST(JsonSchemas, ErrorsNameTheKeywordAndThePlace) {
  expect_errors(
      {{"{", "schema"},
       {"3", "a schema"},
       {R"({"type": "objekt"})", "#/type"},
       {R"({"properties": {"a": {"not": {}}}})", "#/properties/a/not"},
       {R"({"if": {}})", "#/if"},
       {R"({"type": "array", "uniqueItems": true})", "#/uniqueItems"},
       {R"~({"type": "string", "pattern": "(?=a)"})~", "#/pattern"},
       {R"({"type": "string", "pattern": "a", "maxLength": 3})", "at a time"},
       {R"({"type": "string", "format": "colour"})", "#/format"},
       {R"({"type": "string", "minLength": -1})", "#/minLength"},
       {R"({"type": "number", "multipleOf": 0.01})", "#/multipleOf"},
       {R"({"type": "number", "minimum": "1"})", "#/minimum"},
       {R"({"oneOf": [{"type": "integer"}, {"type": "number"}]})", "exclude each other"},
       {R"({"$ref": "#/$defs/none"})", "leads somewhere"},
       {R"({"$ref": "http://example.org/schema"})", "within the schema"},
       {R"({"$ref": "#"})", "none does"},
       {R"({"allOf": [{"$ref": "#"}]})", "come to an end"},
       {R"({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]})", "none does"},
       {R"({"$ref": "#/$defs/a", "$defs": {"a": {"type": "null", "anyOf": [{"$ref": "#/$defs/b"}]},
                                          "b": {"type": "null", "anyOf": [{"$ref": "#/$defs/a"}]}}})",
        "come to an end"},
       {R"({"type": "integer", "minimum": 5, "maximum": 4})", "none does"},
       {R"({"enum": []})", "none does"},
       {R"({"enum": ["a"], "minLength": 3})", "beside enum"},
       {R"({"type": "string", "minLength": 3, "maxLength": 2})", "none does"},
       {R"({"type": "object", "properties": {"a": false}, "required": ["a"]})", "none does"},
       {R"({"type": "array", "minItems": 2, "items": false})", "none does"},
       {R"({"type": "object", "additionalProperties": true, "minProperties": 2})", "#/minProperties"},
       {R"({"type": "string", "maxLength": 1000000, "minLength": 999999})", "elements"},
       {R"({"allOf": [{"properties": {"a": true}, "additionalProperties": false}, {"properties": {"b": true}}]})",
        "same properties"}},
      [](const std::string& source) { grammar_of_json_schema(source); });
}

// --- tokens ---

/// A vocabulary of pieces of what the grammars here match, and of other things.
std::vector<std::string> some_tokens(unsigned seed) {
  std::vector<std::string> tokens;
  for (int byte = 1; byte < 256; ++byte) tokens.emplace_back(1, static_cast<char>(byte));
  std::mt19937 random(seed);
  const std::string alphabet = "{}[]\":, \nabctruefalsn0123456789.-\\\xc3\xa9";
  for (int i = 0; i < 800; ++i) {
    std::string& token = tokens.emplace_back();
    for (auto length = 2 + random() % 5; length > 0; --length) token.push_back(alphabet[random() % alphabet.size()]);
  }
  tokens.emplace_back();          // a special one
  tokens.push_back(tokens[300]);  // twice the same
  return tokens;
}

std::vector<Grammar> some_grammars() {
  return {
      grammar_of_regular_expression("[a-c]+[0-9]{2,4}(true|false|\\w*)"),
      grammar_of_regular_expression("(a|ab|abc)*(\xc3\xa9|[^a]{1,3})?"),
      parse_gbnf("root ::= \"[\" (root (\",\" root)*)? \"]\" | [0-9]+"),
      parse_gbnf("root ::= a | b\na ::= \"a\" a \"b\" | \"\"\nb ::= \"a\" b \"bb\" | \"\""),  // ambiguous
      grammar_of_choices({"true", "truth", "t", "false", "{\"a\": 1}"}),
      grammar_of_json_schema("true"),
      grammar_of_json_schema(R"({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"},
                                     "c": {"type": "array", "items": {"$ref": "#"}}}, "required": ["b"]})"),
      grammar_of_json_schema(R"({"type": "array", "items": {"type": "number", "minimum": -1.5, "maximum": 22.25}})")};
}

TEST(TokenMasks, AreTheTokensThatCanBeRead) {
  const std::vector<std::string> tokens = some_tokens(1);
  unsigned seed = 0;
  for (const Grammar& grammar : some_grammars()) {
    TokenMasks masks(grammar, tokens);
    GrammarStates plain(grammar);
    std::mt19937 random(++seed);
    for (int walk = 0; walk < 12; ++walk) {
      TokenMasks::State state = masks.states().start();
      std::string text;
      for (int step = 0; step < 25; ++step) {
        const std::shared_ptr<const TokenMask> mask = masks.allowed(state);
        std::vector<TokenId> allowed;
        const GrammarStates::State here = plain.next(plain.start(), text);
        for (std::size_t id = 0; id < tokens.size(); ++id) {
          const bool can = !tokens[id].empty() && plain.next(here, tokens[id]) != GrammarStates::dead;
          ASSERT_EQ(mask->contains(static_cast<TokenId>(id)), can)
              << "grammar " << seed << ": '" << tokens[id] << "' after '" << text << "'";
          if (can) allowed.push_back(static_cast<TokenId>(id));
        }
        ASSERT_TRUE(!allowed.empty() || plain.accepts(here)) << "a dead end after '" << text << "'";
        if (allowed.empty()) break;
        const TokenId chosen = allowed[random() % allowed.size()];
        state = masks.next(state, chosen);
        text += tokens[static_cast<std::size_t>(chosen)];
        ASSERT_EQ(masks.states().accepts(state), grammar_matches(plain, text)) << text;
      }
    }
  }
}

/// Draws with random scores until the end; the text.
std::string constrained_text(const TokenConstraint& constraint, const std::vector<std::string>& tokens, unsigned seed,
                             Index most, bool& ended) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 4);
  std::vector<TokenId> history = {5, 6};
  std::string text;
  ended = false;
  for (Index step = 0; step < most; ++step) {
    std::vector<float> scores(tokens.size() + 1);
    for (float& score : scores) score = normal(random);
    Candidates candidates(scores);
    constraint(candidates, {history, 2});
    const TokenId id = candidates.ids[candidates.best()];
    history.push_back(id);
    if (id == static_cast<TokenId>(tokens.size())) {
      ended = true;
      break;
    }
    text += tokens[static_cast<std::size_t>(id)];
  }
  return text;
}

TEST(TokenConstraints, TextsThatEndAreMatched) {
  std::vector<std::string> tokens = some_tokens(2);
  const auto end = static_cast<TokenId>(tokens.size());
  for (const Grammar& grammar : some_grammars()) {
    std::vector<std::string> texts = tokens;
    texts.emplace_back("</s>");  // a special token's name is no text
    const TokenConstraint constraint(grammar, texts, {end});
    GrammarStates states(grammar);
    int count = 0;
    for (unsigned seed = 0; seed < 60; ++seed) {
      bool ended = false;
      const std::string text = constrained_text(constraint, tokens, seed, 60, ended);
      if (!ended) continue;
      ++count;
      EXPECT_TRUE(grammar_matches(states, text)) << text;
    }
    EXPECT_GT(count, 5);
  }
}

TEST(TokenConstraints, SeveralThreadsShareOne) {
  const std::vector<std::string> tokens = some_tokens(3);
  std::vector<std::string> texts = tokens;
  texts.emplace_back();
  const Grammar grammar = grammar_of_json_schema("true");
  const TokenConstraint shared(grammar, texts, {static_cast<TokenId>(tokens.size())});
  std::vector<std::string> found(8);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < found.size(); ++i)
    threads.emplace_back([&, i] {
      bool ended = false;
      found[i] = constrained_text(shared, tokens, i, 40, ended);
    });
  for (std::thread& thread : threads) thread.join();
  for (unsigned i = 0; i < found.size(); ++i) {
    bool ended = false;
    EXPECT_EQ(found[i], constrained_text(TokenConstraint(grammar, texts, {static_cast<TokenId>(tokens.size())}), tokens,
                                         i, 40, ended));
  }
}

TEST(TokenConstraints, ADeadEndIsAnError) {
  const TokenConstraint constraint(grammar_of_choices({"ab"}), {"a", "c", ""}, {2});
  Candidates candidates(std::vector<float>{0, 1, 2});
  std::vector<TokenId> history = {1};
  constraint(candidates, {history, 1});
  EXPECT_EQ(candidates.ids, (std::vector<TokenId>{0}));
  history.push_back(0);
  candidates.assign(std::vector<float>{0, 1, 2});
  EXPECT_THROW(constraint(candidates, {history, 1}), ArgumentError) << "no token has a b";
  history.back() = 1;
  candidates.assign(std::vector<float>{0, 1, 2});
  EXPECT_THROW(constraint(candidates, {history, 1}), ArgumentError) << "a text that has left the grammar";
  constexpr float never = -std::numeric_limits<float>::infinity();
  candidates.assign(std::vector<float>{never, 1, 2});
  history.pop_back();
  EXPECT_THROW(constraint(candidates, {history, 1}), ArgumentError) << "another option rules the only token out";
  EXPECT_THROW(TokenConstraint(grammar_of_choices({"ab"}), {"a", "b"}, {}), ArgumentError);
}

TEST(TokenConstraints, ASamplerTakesOneFromItsConfig) {
  GenerationConfig config;
  config.constraint = std::make_shared<const TokenConstraint>(
      grammar_of_choices({"ab", "b"}), std::vector<std::string>{"a", "b", "c", ""}, std::vector<TokenId>{3});
  Sampler greedy(config, 1);
  std::vector<TokenId> history = {2};
  const std::vector<float> scores = {1, 0, 9, 8};
  for (const TokenId expected : {0, 1, 3}) {
    const TokenId id = greedy(scores, {history, 1});
    EXPECT_EQ(id, expected);
    history.push_back(id);
  }
}

}  // namespace
}  // namespace headformer::testing
