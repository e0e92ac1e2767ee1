#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/program.hpp"
#include "support/text_to_text_folder.hpp"

// The programs `translate` and `summarise` as anyone runs them.
namespace headformer::testing {
namespace {

TEST(TextToTextDoors, ALineForEachLineAndAnErrorInItsPlace) {
  TextToTextFolder folder("t5");
  folder.config["task_specific_params"] = {{"summarization", {{"prefix", "w7 "}}},
                                           {"translation_en_to_de", {{"prefix", "w7 "}}}};
  const std::string model = folder.write().string();
  const std::string lines = "\"w20 w21\"\n17\nno json\n\"w22\"\n";
  const std::vector<std::string> options = {model, "--max-new-tokens", "5", "--threads", "1"};
  const ProgramResult summaries = run_program("summarise", options, lines);
  expect_success(summaries);
  std::istringstream read(summaries.out);
  std::vector<Json> found;
  for (std::string line; std::getline(read, line);) found.push_back(Json::parse(line));
  ASSERT_EQ(found.size(), 4U);
  EXPECT_TRUE(found[0].is_string());
  EXPECT_EQ(found[1]["index"], 1);
  EXPECT_TRUE(found[2].contains("error"));
  EXPECT_TRUE(found[3].is_string());
  std::vector<std::string> translating = options;
  translating.insert(translating.end(), {"--source-language", "en", "--target-language", "de"});
  EXPECT_EQ(run_program("translate", translating, lines).out, summaries.out) << "the same prefix";
}

TEST(TextToTextDoors, BadInputIsRefused) {
  TextToTextFolder folder("t5");
  const std::string model = folder.write().string();
  const std::string decoder = (std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens/decoders/gpt2").string();
  expect_refused(run_program("translate", {model, "--target-language", "fr"}, ""), {"target language", "'fr'"});
  expect_refused(run_program("translate", {model, "--max-new-tokens", "few"}, ""), {"max_new_tokens", "few"});
  expect_refused(run_program("summarise", {decoder}, ""), {"architectures", "GPT2LMHeadModel"});
}

}  // namespace
}  // namespace headformer::testing
