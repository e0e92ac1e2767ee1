#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/expect_json.hpp"
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

/// The program that a golden's folder is for.
std::string program_of(const std::string& folder) {
  for (const char* program : {"embed", "classify", "rerank", "fill_mask", "tag", "answer", "score"})
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
    const bool gguf = std::filesystem::exists(folder / "model.gguf");
    std::vector<std::string> arguments = {(gguf ? folder / "model.gguf" : folder).string(), "--threads", "2"};
    for (const std::string& argument : arguments_of(call.at("options"))) arguments.push_back(argument);
    const ProgramResult result = run_program(call.value("program", program_of(GetParam())), arguments, input);
    expect_success(result);
    Json found = Json::array();
    std::istringstream lines(result.out);
    for (std::string line; std::getline(lines, line);) found.push_back(Json::parse(line));
    expect_same(found, call.at("outputs"), greatest(call.at("outputs")), "");
    if (!call.contains("similarity")) continue;
    const Json& texts = call.at("inputs");
    for (const std::string& word :
         {std::string("--similarity"), texts[0].get<std::string>(), texts[5].get<std::string>()})
      arguments.push_back(word);
    const ProgramResult alike = run_program("embed", arguments);
    expect_success(alike);
    const double expected = call.at("similarity").get<double>();
    EXPECT_NEAR(std::stod(alike.out), expected, 2e-4 * std::max(1.0, std::abs(expected)));
  }
}

TEST(EmbedDoor, EveryFormatHoldsTheSameNumbers) {
  const std::string model = (goldens() / "embed_mean").string();
  const std::string input = "\"one\"\nbad\n\"two words\"\n";
  const ProgramResult lines = run_program("embed", {model}, input);
  expect_success(lines);
  std::istringstream stream(lines.out);
  std::vector<Json> rows;
  for (std::string line; std::getline(stream, line);) rows.push_back(Json::parse(line));
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1].at("index"), 1);
  EXPECT_TRUE(rows[1].contains("error"));

  const std::size_t width = rows[0].size();
  const auto expect_rows = [&](const std::string& file, std::size_t begin) {
    ASSERT_EQ(file.size(), begin + 3 * width * sizeof(float));
    std::vector<float> numbers(3 * width);
    std::memcpy(numbers.data(), file.data() + begin, numbers.size() * sizeof(float));
    for (std::size_t i = 0; i < width; ++i) {
      EXPECT_EQ(numbers[i], rows[0][i].get<float>());
      EXPECT_TRUE(std::isnan(numbers[width + i])) << "the place of a line that is no text";
      EXPECT_EQ(numbers[2 * width + i], rows[2][i].get<float>());
    }
  };
  const ProgramResult npy = run_program("embed", {model, "--format", "npy"}, input);
  expect_success(npy);
  EXPECT_TRUE(npy.out.starts_with("\x93NUMPY\x01"));
  EXPECT_NE(npy.out.find("'shape': (3, " + std::to_string(width) + ")"), std::string::npos);
  const auto length = static_cast<unsigned char>(npy.out[8]) + 256U * static_cast<unsigned char>(npy.out[9]);
  EXPECT_EQ((10 + length) % 64, 0U);
  expect_rows(npy.out, 10 + length);

  const ProgramResult tensors = run_program("embed", {model, "--format", "safetensors"}, input);
  expect_success(tensors);
  std::uint64_t header = 0;
  std::memcpy(&header, tensors.out.data(), sizeof header);
  const Json json = Json::parse(tensors.out.substr(sizeof header, header));
  EXPECT_EQ(json.at("embeddings").at("shape"), (std::vector<std::size_t>{3, width}));
  expect_rows(tensors.out, sizeof header + header);
}

TEST(EmbedDoor, AVectorForEachTokenIsATensorForEachLine) {
  const std::string model = (goldens() / "embed_colbert").string();
  const std::string input = "\"one\"\nbad\n\"two words\"\n";
  const ProgramResult result = run_program("embed", {model, "--document"}, input);
  expect_success(result);
  std::istringstream stream(result.out);
  std::vector<Json> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(Json::parse(line));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[1].at("index"), 1);
  EXPECT_TRUE(lines[1].contains("error"));

  const ProgramResult file = run_program("embed", {model, "--document", "--format", "safetensors"}, input);
  expect_success(file);
  std::uint64_t size = 0;
  std::memcpy(&size, file.out.data(), sizeof size);
  const Json header = Json::parse(file.out.substr(sizeof size, size));
  EXPECT_FALSE(header.contains("1"));
  for (const std::size_t line : {0U, 2U}) {
    const Json& tensor = header.at(std::to_string(line));
    EXPECT_EQ(tensor.at("shape"), (std::vector<std::size_t>{lines[line].size(), 8}));
    const char* at = file.out.data() + sizeof size + size + tensor.at("data_offsets").at(0).get<std::size_t>();
    for (const Json& row : lines[line]) {
      for (const Json& value : row) {
        float number = 0;
        std::memcpy(&number, at, sizeof number);
        at += sizeof number;
        EXPECT_EQ(number, value.get<float>());
      }
    }
  }
  expect_refused(run_program("embed", {model, "--format", "npy"}, input), {"format", "jsonl or safetensors", "npy"});
  expect_refused(run_program("embed", {model, "--dimensions", "4"}, input), {"dimensions", "all", "4"});
}

TEST(ScoreDoor, WhatIsWrongWithALineStandsInItsPlace) {
  const std::string model = (goldens() / "score_chat").string();
  const ProgramResult result = run_program("score", {model},
                                           "{\"prompt\": \"a\", \"answers\": [\"b\"]}\n{\"answers\": []}\n[1\n"
                                           "{\"prompt\": \"a\", \"answers\": \"b\"}\n"
                                           "{\"prompt\": [{\"role\": \"user\"}], \"answers\": [\"b\"]}\n"
                                           "{\"prompt\": \"a\", \"answers\": [\"b\", 3]}\n");
  expect_success(result);
  std::istringstream stream(result.out);
  std::vector<Json> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(Json::parse(line));
  ASSERT_EQ(lines.size(), 6U);
  ASSERT_EQ(lines[0].size(), 1U);
  EXPECT_TRUE(lines[0][0].is_number());
  const std::vector<std::string> missing = {"prompt", "", "answers", "content", "string"};
  for (std::size_t i = 1; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].at("index"), i);
    EXPECT_NE(lines[i].at("error").get<std::string>().find(missing[i - 1]), std::string::npos) << lines[i];
  }
  expect_refused(run_program("score", {(goldens() / "classify").string()}), {"classify", "one label", "3"});
}

TEST(PipelineDoors, WrongOptionsAndModelsAreRefused) {
  const std::string mean = (goldens() / "embed_mean").string();
  expect_refused(run_program("embed", {mean, "--prompt-name", "none"}, "\"a\"\n"), {"prompt", "passage", "none"});
  expect_refused(run_program("embed", {mean, "--dimensions", "33"}, "\"a\"\n"), {"dimensions", "32", "33"});
  expect_refused(run_program("embed", {mean, "--format", "csv"}), {"format", "csv"});
  expect_refused(run_program("classify", {mean}), {"embed_mean", "sequence classification", "BertModel"});
  expect_refused(run_program("tag", {(goldens() / "tag").string(), "--aggregation", "all"}), {"aggregation", "all"});
  expect_refused(run_program("answer", {"/none"}), {"/none"});
  expect_refused(run_program("embed", {(goldens() / "embed_router").string(), "--query", "--max-length", "-1"}, ""),
                 {"max_length", "-1"});
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
