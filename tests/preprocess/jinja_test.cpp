#include <gtest/gtest.h>

#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "headformer/preprocess/jinja/template.hpp"

namespace {

using headformer::FormatError;
using headformer::TemplateError;
using headformer::TemplateRaised;
using headformer::jinja::Template;
using Json = nlohmann::ordered_json;

std::string render(const std::string& source, const Json& variables = Json::object()) {
  return Template(source, "t").render(variables);
}

/// The message of the error of type E.
template <class E>
std::string message_of(const std::string& source, const Json& variables = Json::object()) {
  try {
    return "no error but the text: " + render(source, variables);
  } catch (const E& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("another error: ") + error.what();
  }
}

std::tm golden_time() {
  std::tm time{};
  time.tm_year = 125;
  time.tm_mon = 2;
  time.tm_mday = 7;
  time.tm_hour = 9;
  time.tm_min = 5;
  time.tm_sec = 3;
  time.tm_wday = 5;
  time.tm_yday = 65;
  return time;
}

TEST(Jinja, CasesOfTheReferenceAreEqual) {
  std::ifstream file(HEADFORMER_TESTS_DIR "/goldens/chat_templates/cases.json");
  const Json golden = Json::parse(file);
  ASSERT_GT(golden["cases"].size(), 700U);
  for (const Json& one : golden["cases"]) {
    const auto source = one["template"].get<std::string>();
    Json found;
    try {
      found["text"] = Template(source).render(golden["variables"], {}, golden_time);
    } catch (const FormatError& error) {
      found["syntax"] = error.what();
    } catch (const TemplateRaised& error) {
      found["raised"] = error.message();
    } catch (const TemplateError& error) {
      found["error"] = error.what();
    }
    if (one.contains("text") || one.contains("raised")) {
      const char* kind = one.contains("text") ? "text" : "raised";
      EXPECT_EQ(found.dump(), Json({{kind, one[kind]}}).dump()) << source;
    } else if (one.contains("syntax")) {
      EXPECT_TRUE(found.contains("syntax")) << source << "\nexpected " << one.dump() << "\nfound " << found.dump();
    } else {
      // What Python finds when it compiles the template, it may find when it runs, and the other way round.
      EXPECT_TRUE(found.contains("error") || found.contains("syntax"))
          << source << "\nexpected " << one.dump() << "\nfound " << found.dump();
    }
  }
}

TEST(Jinja, DictAndNamespaceMakeNewValues) {
  EXPECT_EQ(render("{{ dict(a=1, b=[2]) }}{{ dict({'x': 1}, y=2) }}{{ dict([('k', 'v')]) }}"),
            "{'a': 1, 'b': [2]}{'x': 1, 'y': 2}{'k': 'v'}");
  EXPECT_EQ(render("{{ dict.fromkeys(['a', 'b'], 0) }}{{ dict.fromkeys('ab') }}"),
            "{'a': 0, 'b': 0}{'a': None, 'b': None}");
}

TEST(Jinja, DictsKeepTheirOrderAndFindEveryKey) {
  Json object = Json::object();
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    const std::string key = "k" + std::to_string(i * 37 % 100);
    object[key] = i;
    expected += key + "=" + std::to_string(i) + ";";
  }
  EXPECT_EQ(render("{% for k, v in d.items() %}{{ k }}={{ d[k] }};{% endfor %}", {{"d", object}}), expected);
}

TEST(Jinja, LargeIntegersOfJsonStayExact) {
  EXPECT_EQ(render("{{ x }} {{ x - 1 }} {{ [x]|tojson }}", {{"x", 18446744073709551615U}}),
            "18446744073709551615 18446744073709551614 [18446744073709551615]");
}

TEST(Jinja, BytesThatAreNoUtf8PassThrough) {
  Json variables = Json::object();
  variables["x"] = std::string("a\xff\xc3(b\xe2\x82");
  EXPECT_EQ(render("{{ x }}|{{ x | trim }}|{{ x | length }}|{{ x[1] }}|{{ x[::-1] }}", variables),
            "a\xff\xc3(b\xe2\x82|a\xff\xc3(b\xe2\x82|7|\xff|\x82\xe2"
            "b(\xc3\xff"
            "a");
}

TEST(Jinja, SyntaxErrorsNameLineAndColumn) {
  EXPECT_EQ(message_of<FormatError>("a\n{{ x | nosuch }}"), "t:2:8: unknown filter 'nosuch'");
  EXPECT_EQ(message_of<FormatError>("äö{{ x is nosuch }}"), "t:1:11: unknown test 'nosuch'");
  EXPECT_EQ(message_of<FormatError>("{% for x in y %}\n\n  {% endif %}"),
            "t:3:6: unknown tag 'endif'; expected 'endfor' or 'else'");
  EXPECT_EQ(message_of<FormatError>("{% if a %}"),
            "t:1:11: expected 'elif' or 'else' or 'endif', found the end of the template");
  EXPECT_EQ(message_of<FormatError>("x\n{{ a"), "t:2:1: expected }}, found the end of the template");
  EXPECT_EQ(message_of<FormatError>("{{ a ? b }}"), "t:1:6: unexpected character '?'");
  EXPECT_EQ(message_of<FormatError>("{{ (a] }}"), "t:1:6: unexpected ']', expected ')'");
  EXPECT_EQ(message_of<FormatError>("{{ 'a }}"),
            "t:1:4: expected the end of the string, found the end of the template");
  EXPECT_EQ(message_of<FormatError>("{% nonsense %}"), "t:1:4: unknown tag 'nonsense'");
}

TEST(Jinja, RuntimeErrorsNameThePlaceAndTheValue) {
  EXPECT_EQ(message_of<TemplateError>("a\n{{ x.y }}"), "t:2:5: 'x' is undefined");
  EXPECT_EQ(message_of<TemplateError>("{{ x.y.z }}", {{"x", Json::object()}}),
            "t:1:7: 'dict object' has no attribute 'y'");
  EXPECT_EQ(message_of<TemplateError>("{{ 1 + 'a' }}"), "t:1:4: unsupported operand types for +: 'int' and 'str'");
  EXPECT_EQ(message_of<TemplateError>("{{ [].append(1) }}"),
            "t:1:13: access to attribute 'append' of 'list' object is unsafe");
  EXPECT_EQ(message_of<TemplateRaised>("\n {{ raise_exception('No\nway') }}"), "t:2:20: the template raised 'No?way'");
  EXPECT_EQ(message_of<TemplateError>("{{ x() }}", {{"x", "a\nb"}}), "t:1:5: 'str' object is not callable");
}

TEST(Jinja, RaisedMessageIsWhole) {
  const std::string message(1000, 'm');
  try {
    render("{{ raise_exception(x) }}", {{"x", message}});
    FAIL();
  } catch (const TemplateRaised& raised) {
    EXPECT_EQ(raised.message(), message);
  }
}

/// Templates that would run, grow or recurse without end in Python too.
TEST(Jinja, HostileTemplatesEndWithAnErrorSoon) {
  const std::string nested = "{% for a in range(100000) %}{% for b in range(100000) %}{% for c in range(100000) %}";
  const std::string ends = "{% endfor %}{% endfor %}{% endfor %}";
  std::string parentheses = "{{ ";
  for (int i = 0; i < 100000; ++i) parentheses += '(';
  std::string sum = "{{ 1";
  for (int i = 0; i < 100000; ++i) sum += "+1";
  std::string conditions = "{{ 1";
  for (int i = 0; i < 100000; ++i) conditions += " if x else 1";
  std::string blocks;
  for (int i = 0; i < 100000; ++i) blocks += "{% if 1 %}";
  std::string pipes = "{{ 1";
  for (int i = 0; i < 100000; ++i) pipes += "|string";
  std::string negations = "{{ ";
  for (int i = 0; i < 100000; ++i) negations += "not ";
  std::string signs = "{{ ";
  for (int i = 0; i < 100000; ++i) signs += "-";
  const std::vector<std::string> hostile = {
      nested + ends,
      nested + "{{ a }}" + ends,
      "{{ range(10**9) | list }}",
      "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
      "{% macro f(x) %}{{ f(x ~ x) }}{% endmacro %}{{ f('aaaaaaaa') }}",
      "{% macro f(x) %}{% call f(x) %}{{ f(x) }}{% endcall %}{% endmacro %}{{ f(1) }}",
      "{% set ns = namespace(x='a') %}{% for i in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}",
      "{% set ns = namespace(x='a') %}{% for i in range(100) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x|length "
      "}}",
      "{% set ns = namespace(x='aa') %}{% for i in range(100) %}{% set ns.x = ns.x|replace('a', ns.x) %}{% endfor %}",
      "{% set ns = namespace(x=[1]) %}{% for i in range(100) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
      "{% set ns = namespace(x=[1]) %}{% for i in range(100) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x == "
      "ns.x[0] }}"
      "{{ ns.x|tojson }}",
      "{% set ns = namespace(x=[1]) %}{% for i in range(100000) %}{% set ns.x = [ns.x] %}{% endfor %}",
      "{% set ns = namespace(x=[1]) %}{% for i in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
      "{{ 'a' * 10**12 }}",
      "{{ ('a' * 10**8) * 10**8 }}",
      "{{ [0] * 10**12 }}",
      "{{ 9 ** 9 ** 9 }}",
      "{{ '%*d' % (10**9, 1) }}",
      "{{ '%1000000000d' % 1 }}",
      "{{ '{:1000000000}'.format(1) }}",
      "{{ 'a'.center(10**12) }}",
      "{{ 'a'|indent(10**12) }}",
      "{{ [1]|tojson(indent=10**12) }}",
      "{{ 'a'.ljust(10**12) }}{{ 'a'.zfill(10**12) }}",
      "{{ [1]|batch(10**12, 0)|list }}",
      "{{ [1]|slice(10**12)|list }}",
      "{{ '\\t'.expandtabs(10**12) }}",
      "{% set a = ('a' * 1000000) %}{% for i in range(100000) %}{{ a|upper|lower|trim|length }}{% endfor %}",
      "{% set a = ('é' * 1000000) %}{% for i in range(100000) %}{{ a[i] }}{% endfor %}",
      "{% set a = range(100000)|list %}{% for i in a %}{{ a|sort|length }}{% endfor %}",
      "{% set a = range(100000)|list %}{% for i in a %}{{ -1 in a }}{% endfor %}",
      "{% set a = range(100000)|list %}{% for i in a %}{{ a|map('string')|join|length }}{% endfor %}",
      "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
      parentheses,
      sum + " }}",
      conditions + " }}",
      blocks,
      pipes + " }}",
      negations + "1 }}",
      signs + "1 }}",
      "{{ " + std::string(100000, '[') + " }}",
      "{{ " + std::string(100000, '{') + " }}",
  };
  for (const std::string& source : hostile) {
    const std::clock_t begin = std::clock();
    EXPECT_THROW(render(source), headformer::Error) << source.substr(0, 120);
    const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    EXPECT_LT(seconds, 20) << source.substr(0, 120);  // a second or two; sanitizers take ten times as long
  }
}

TEST(Jinja, CyclesThroughNamespacesPrintAndAreFreed) {
  EXPECT_EQ(render("{% set ns = namespace(a=1) %}{% set ns.self = [ns] %}{{ ns }}"),
            "<Namespace {'a': 1, 'self': [<Namespace {...}>]}>");
  EXPECT_EQ(
      render(
          "{% for x in [1] %}{{ loop.changed(loop) }}{% macro m() %}{{ m.name }}{% endmacro %}{{ m() }}{% endfor %}"),
      "Truem");
  // A chain of 20,000 macros, each of which holds the one before.
  EXPECT_EQ(render("{% set ns = namespace(f=1) %}{% macro g(x) %}{% macro h() %}{{ x }}{% endmacro %}{% set ns.f = h %}"
                   "{% endmacro %}{% for i in range(20000) %}{% set _ = g(ns.f) %}{% endfor %}{{ ns.f() }}"),
            "<Macro 'h'>");
}

TEST(Jinja, LongInputsRaiseTheLimits) {
  const std::string content(std::size_t{3} << 20, 'x');
  Json messages = Json::array();
  for (int i = 0; i < 20; ++i) messages.push_back({{"content", content}});
  const std::string text =
      render("{% for m in messages %}{{ '[' + m.content | trim + ']' }}{% endfor %}", {{"messages", messages}});
  EXPECT_EQ(text.size(), 20 * (content.size() + 2));
}

TEST(Jinja, SmallLimitsAreKept) {
  const Template source("{% for x in range(1000) %}0123456789{% endfor %}");
  EXPECT_EQ(source.render({}, {}).size(), 10000U);
  EXPECT_THROW(source.render({}, {.steps = 100}), TemplateError);
  EXPECT_THROW(source.render({}, {.bytes = 5000}), TemplateError);
  EXPECT_THROW(source.render({}, {.output = 5000}), TemplateError);
}

}  // namespace
