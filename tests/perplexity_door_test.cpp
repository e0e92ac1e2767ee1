#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/program.hpp"
#include "support/small_checkpoint.hpp"

// The program `perplexity` as anyone runs it.
namespace headformer::testing {
namespace {

const std::filesystem::path goldens = std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens";
const std::string tiny_model = std::string(HEADFORMER_EXAMPLES_DIR) + "/tiny_model";

ProgramResult perplexity(const std::vector<std::string>& options) { return run_program("perplexity", options); }

TEST(PerplexityDoor, WindowsAndValuesAreTheReferences) {
  const Json golden = parse_json(Bytes::map(goldens / "perplexity.json"));
  const TemporaryFolder folder;
  const std::string text = folder.write("text", golden["text"].get<std::string>()).string();
  for (const Json& item : golden["cases"]) {
    SCOPED_TRACE(item.dump());
    const auto run = [&](const std::string& threads) {
      return perplexity({tiny_model, text, "--context", item["context"].dump(), "--stride", item["stride"].dump(),
                         "--dtype", "f32", "--threads", threads});
    };
    const ProgramResult result = run("1");
    expect_success(result);
    const Json line = Json::parse(result.out);
    const double expected = item["perplexity"].get<double>();
    EXPECT_NEAR(line["perplexity"].get<double>(), expected, expected * 1e-5);
    EXPECT_NEAR(std::exp(line["negative_log_likelihood"].get<double>()), line["perplexity"].get<double>(), 1e-6);
    for (const char* key : {"context", "stride", "tokens", "windows"}) EXPECT_EQ(line[key], item[key]) << key;
    EXPECT_EQ(run("2").out, result.out) << "the same bits on two threads";
  }
}

TEST(PerplexityDoor, DefaultsAreTheModelsContextAndHalfOfIt) {
  const TemporaryFolder folder;
  const std::string text = folder.write("text", "And it came to pass in those days").string();
  const ProgramResult result = perplexity({tiny_model, text});
  expect_success(result);
  const Json line = Json::parse(result.out);
  EXPECT_EQ(line["context"], 512);
  EXPECT_EQ(line["stride"], 256);
  EXPECT_EQ(line["windows"], 1);
}

TEST(PerplexityDoor, BadInputIsRefused) {
  const TemporaryFolder folder;
  const std::string text = folder.write("text", "In the beginning").string();
  const std::string empty = folder.write("empty", "").string();
  const std::string latin = folder.write("latin", "caf\xe9").string();
  const std::string nowhere = (folder / "nowhere").string();
  const std::string gpt2 = (goldens / "decoders/gpt2").string();
  const std::string learned = (goldens / "gguf/gpt2/gpt2.gguf").string();
  struct Case {
    const char* name;
    std::vector<std::string> options;
    std::vector<std::string> mentions;
  };
  const Case table[] = {
      {"a model that is not there", {nowhere, text}, {nowhere}},
      {"a file that is not there", {tiny_model, nowhere}, {nowhere}},
      {"a model without a tokenizer", {gpt2, text}, {gpt2, "tokenizer"}},
      {"a text of one id", {tiny_model, empty}, {empty, "two ids", "1"}},
      {"a text that is no UTF-8", {tiny_model, latin}, {latin, "UTF-8"}},
      {"a context of one", {tiny_model, text, "--context", "1"}, {"--context", "1"}},
      {"a context that is no number", {tiny_model, text, "--context", "many"}, {"--context", "many"}},
      {"a stride of none", {tiny_model, text, "--stride", "0"}, {"--stride", "0"}},
      {"a stride past the context", {tiny_model, text, "--context", "8", "--stride", "9"}, {"stride", "8", "9"}},
      {"a context past the learned positions", {learned, text, "--context", "4096"}, {"context", "4096"}},
      {"a dtype that is none", {tiny_model, text, "--dtype", "q3"}, {"dtype", "'q3'"}},
      {"no file", {tiny_model}, {"FILE"}},
  };
  for (const Case& item : table) {
    SCOPED_TRACE(item.name);
    expect_refused(perplexity(item.options), item.mentions);
  }
}

}  // namespace
}  // namespace headformer::testing
