#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/program.hpp"

// `tokenize` as anyone runs it, on a small WordPiece checkpoint whose ids the reference gave
// (tokenizer_class_test.cpp).
namespace headformer::testing {
namespace {

using Json = nlohmann::json;

const std::string& bert() {
  static const std::string path =
      (std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens/tokenizer_classes/bert").string();
  return path;
}

/// The program's answers to lines of its input.
std::vector<Json> answers(const std::vector<std::string>& lines, const std::vector<std::string>& options = {}) {
  std::vector<std::string> words = {bert()};
  words.insert(words.end(), options.begin(), options.end());
  std::string input;
  for (const std::string& line : lines) input += line + "\n";
  const ProgramResult result = run_program("tokenize", words, input);
  expect_success(result);
  std::vector<Json> found;
  std::istringstream out(result.out);
  for (std::string line; std::getline(out, line);) found.push_back(Json::parse(line));
  EXPECT_EQ(found.size(), lines.size());
  found.resize(lines.size());
  return found;
}

TEST(TokenizeDoor, TextsBecomeIdsWithAndWithoutSpecialTokens) {
  const std::vector<Json> with = answers({R"("hello, World")", R"("")"});
  const std::vector<Json> without = answers({R"("hello, World")", R"("")"}, {"--no-special"});
  for (std::size_t i = 0; i < with.size(); ++i) {
    Json inner = without[i];
    ASSERT_GE(with[i].size(), 2U);
    EXPECT_EQ(with[i].size(), inner.size() + 2);
    inner.insert(inner.begin(), 2);  // [CLS]
    inner.push_back(3);              // [SEP]
    EXPECT_EQ(with[i], inner);
  }
}

TEST(TokenizeDoor, IdsBecomeTextAgain) {
  const Json ids = answers({R"("hello, World")"})[0];
  EXPECT_EQ(answers({ids.dump()}, {"--decode"})[0], "[CLS] hello, world [SEP]");
  EXPECT_EQ(answers({ids.dump()}, {"--decode", "--no-special"})[0], "hello, world");
}

TEST(TokenizeDoor, ABadLineStopsNoOther) {
  const std::vector<Json> encoded = answers({R"("a")", "nonsense", "[1]", "", R"("a")"});
  EXPECT_TRUE(encoded[0].is_array());
  for (const std::size_t bad : {1U, 2U, 3U}) EXPECT_TRUE(encoded[bad].contains("error")) << encoded[bad];
  EXPECT_EQ(encoded[4], encoded[0]);
  const std::vector<Json> decoded = answers({"[2]", "[999999]", "[-1]", "[1.5]", R"("a")", "[2]"}, {"--decode"});
  for (const std::size_t bad : {1U, 2U, 3U, 4U}) EXPECT_TRUE(decoded[bad].contains("error")) << decoded[bad];
  expect_mentions(decoded[1].at("error"), {"ids in [0,", "999999"});
  EXPECT_EQ(decoded[5], decoded[0]);
}

TEST(TokenizeDoor, DetailsCutAndPad) {
  const Json whole = answers({R"({"text": "hello", "pair": "World"})"}, {"--details"})[0];
  const auto length = whole.at("ids").size();
  EXPECT_EQ(whole.at("type_ids").front(), 0);
  EXPECT_EQ(whole.at("type_ids").back(), 1);
  Json line = {{"text", "hello"},          {"pair", "World"},
               {"max_length", length - 2}, {"truncation", "only_second"},
               {"pad_to", length + 1},     {"padding_side", "left"}};
  const Json cut = answers({line.dump()}, {"--details"})[0];
  EXPECT_EQ(cut.at("ids").size(), length + 1);
  std::vector<int> mask(length + 1, 1);
  std::fill_n(mask.begin(), 3, 0);
  EXPECT_EQ(cut.at("attention_mask"), mask);
  EXPECT_FALSE(cut.at("overflowing").empty());
}

TEST(TokenizeDoor, DetailsNameAnOptionThatTheyDoNotKnow) {
  const std::vector<Json> found =
      answers({R"({"text": "a", "max_length": 3, "truncation": "bogus"})",
               R"({"text": "a", "max_length": 3, "truncation_side": "up"})", R"({"text": "a", "unit": "words"})",
               R"({"pair": "a"})", R"({"text": "a", "max_length": "three"})"},
              {"--details"});
  expect_mentions(found[0].at("error"), {"truncation", "longest_first, only_first, only_second", "bogus"});
  expect_mentions(found[1].at("error"), {"truncation_side", "right, left", "up"});
  expect_mentions(found[2].at("error"), {"unit", "characters, bytes", "words"});
  for (const Json& answer : found) EXPECT_TRUE(answer.contains("error")) << answer;
}

TEST(TokenizeDoor, AFileIsEncodedLineByLine) {
  const TemporaryFolder folder;
  const std::string text = folder.write("text", "hello\nWorld\n\nhello").string();
  const ProgramResult result = run_program("tokenize", {bert(), "--text-file", text});
  expect_success(result);
  const Json found = Json::parse(result.out);
  std::size_t tokens = 0;
  for (const Json& ids : answers({R"("hello")", R"("World")", R"("")", R"("hello")"})) tokens += ids.size();
  EXPECT_EQ(found.at("tokens"), tokens);
  EXPECT_EQ(found.at("bytes"), 18);
  EXPECT_GE(found.at("mb_per_second"), 0);
}

TEST(TokenizeDoor, WhatCannotBeReadIsRefused) {
  const TemporaryFolder folder;
  expect_refused(run_program("tokenize", {(folder / "none").string()}), {"none"});
  expect_refused(run_program("tokenize", {folder.path().string()}), {"tokenizer.json", "vocab.txt", "found none"});
  expect_refused(run_program("tokenize", {bert(), "--text-file", (folder / "none").string()}), {"none"});
  expect_refused(run_program("tokenize", {bert(), "--chat"}), {"chat_template"});
}

}  // namespace
}  // namespace headformer::testing
