#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/program.hpp"

// The programs over pipelines as anyone runs them, against what the reference's pipelines answer
// (tests/reference/make_pipelines.py).
namespace headformer::testing {
namespace {

using Json = nlohmann::json;

std::filesystem::path goldens() { return std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens/pipelines"; }

/// How a program is told what a golden's options say.
std::vector<std::string> arguments_of(const Json& options) {
  static const std::vector<std::pair<std::string, std::string>> names = {{"prompt_name", "--prompt-name"},
                                                                         {"truncate_dim", "--dimensions"},
                                                                         {"hypothesis", "--hypothesis"},
                                                                         {"multi_label", "--multi-label"},
                                                                         {"top_k", "--top-k"},
                                                                         {"aggregation", "--aggregation"},
                                                                         {"stride", "--stride"},
                                                                         {"no_answer", "--no-answer"},
                                                                         {"max_answer_length", "--max-answer-length"},
                                                                         {"labels", "--labels"}};
  std::vector<std::string> arguments;
  if (options.contains("role")) arguments.push_back("--" + options.at("role").get<std::string>());
  for (const auto& [key, name] : names) {
    if (!options.contains(key)) continue;
    const Json& value = options.at(key);
    arguments.push_back(name);
    if (value.is_boolean()) continue;
    if (value.is_array()) {
      std::string list;
      for (const Json& item : value) list += (list.empty() ? "" : ",") + item.get<std::string>();
      arguments.push_back(list);
    } else {
      arguments.push_back(value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  return arguments;
}

/// The same JSON, numbers that are no integers within 2e-4 of the greatest.
void expect_same(const Json& found, const Json& expected, double scale, const std::string& where) {
  if (expected.is_number_float()) {
    ASSERT_TRUE(found.is_number()) << where << ": " << found;
    EXPECT_NEAR(found.get<double>(), expected.get<double>(), 2e-4 * scale) << where;
    return;
  }
  ASSERT_EQ(found.type_name(), std::string(expected.type_name())) << where << ": " << found << " for " << expected;
  if (!expected.is_structured()) {
    EXPECT_EQ(found, expected) << where;
    return;
  }
  ASSERT_EQ(found.size(), expected.size()) << where << ": " << found << " for " << expected;
  for (const auto& [key, value] : expected.items()) {
    const std::string at = where + "." + key;
    if (expected.is_object()) {
      ASSERT_TRUE(found.contains(key)) << at;
      expect_same(found.at(key), value, scale, at);
    } else {
      expect_same(found.at(std::stoul(key)), value, scale, at);
    }
  }
}

double greatest(const Json& json) {
  if (json.is_number_float()) return std::abs(json.get<double>());
  double result = 0;
  if (json.is_structured())
    for (const Json& value : json) result = std::max(result, greatest(value));
  return result;
}

/// The program that a golden's folder is for.
std::string program_of(const std::string& folder) {
  for (const char* program : {"embed", "classify", "rerank", "fill_mask", "tag", "answer"})
    if (folder.starts_with(program)) return program;
  return "classify";
}

class PipelineGolden : public ::testing::TestWithParam<std::string> {};

TEST_P(PipelineGolden, AnswersAsTheReference) {
  const std::filesystem::path folder = goldens() / GetParam();
  std::ifstream file(folder / "expected.json");
  for (const Json& call : Json::parse(file)) {
    SCOPED_TRACE(call.at("options").dump());
    std::string input;
    for (const Json& line : call.at("inputs")) input += line.dump() + "\n";
    std::vector<std::string> arguments = {folder.string(), "--threads", "2"};
    for (const std::string& argument : arguments_of(call.at("options"))) arguments.push_back(argument);
    const ProgramResult result = run_program(program_of(GetParam()), arguments, input);
    expect_success(result);
    Json found = Json::array();
    std::istringstream lines(result.out);
    for (std::string line; std::getline(lines, line);) found.push_back(Json::parse(line));
    expect_same(found, call.at("outputs"), greatest(call.at("outputs")), "");
  }
}

std::vector<std::string> folders() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(goldens()))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Pipelines, PipelineGolden, ::testing::ValuesIn(folders()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace headformer::testing
