// Gemma 3 270M as published, against what transformers and llama.cpp say (tests/goldens/gemma_270m.json). Runs when the
// environment names the file: HEADFORMER_GEMMA=FOLDER/gemma-3-270m-q4_k_m.gguf (examples/get_gemma.sh FOLDER).
#include <gtest/gtest.h>

#include <cstdlib>
#include <headformer/auto_causal_lm.hpp>
#include <headformer/models/causal_lm/memory_estimate.hpp>
#include <headformer/models/causal_lm/session.hpp>
#include <headformer/preprocess/tokenizer.hpp>
#include <headformer/text_generator.hpp>
#include <headformer/weights/checkpoint.hpp>
#include <nlohmann/json.hpp>

namespace headformer::testing {
namespace {

std::vector<std::string> gemma_files() {
  const char* path = std::getenv("HEADFORMER_GEMMA");
  return path == nullptr ? std::vector<std::string>() : std::vector<std::string>{path};
}

class RealInput : public ::testing::TestWithParam<std::string> {
 protected:
  static Json golden() {
    return parse_json(Bytes::map(std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens/gemma_270m.json"));
  }
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RealInput);

TEST_P(RealInput, NamesTheCapitalOfNorway) {
  const TextGenerator generator(GetParam());
  GenerationConfig config;
  config.max_new_tokens = 8;
  config.do_sample = false;
  EXPECT_NE(generator.generate("The capital of Norway is", config).find("Oslo"), std::string::npos);
}

TEST_P(RealInput, TokenizesAsTheReference) {
  const Tokenizer tokenizer = *TextGenerator::open_tokenizer(Checkpoint::open(GetParam()));
  const Json goldens = golden();
  for (const Json& prompt : goldens["prompts"]) {
    EXPECT_EQ(tokenizer.encode(prompt["prompt"].get<std::string>()), prompt["input_ids"].get<std::vector<TokenId>>());
  }
}

/// Feeds the reference's tokens, so that one near-tie does not hide what follows it.
TEST_P(RealInput, ArgmaxFollowsTheReferenceInFullPrecision) {
  TextGeneratorOptions options;
  options.load.weights = DType::f32;
  auto workspace = std::make_shared<Workspace>();
  const std::shared_ptr<const CausalLanguageModel> model = open_causal_lm(Checkpoint::open(GetParam()), options.load);
  int compared = 0;
  const Json goldens = golden();
  for (const Json& prompt : goldens["prompts"]) {
    Session session(model, workspace);
    std::vector<TokenId> ids = prompt["input_ids"];
    const std::vector<TokenId> tokens = prompt["tokens"];
    const std::vector<double> gaps = prompt["gaps"];
    const std::vector<double> largest = prompt["max_logits"];
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const std::span<float> logits = session.append(ids);
      if (gaps[i] > 2 * 2e-4 * largest[i]) {
        ++compared;
        EXPECT_EQ(std::max_element(logits.begin(), logits.end()) - logits.begin(), tokens[i])
            << prompt["prompt"] << ", step " << i << ", gap " << gaps[i];
      }
      ids = {tokens[i]};
    }
  }
  EXPECT_GT(compared, 400);
}

TEST_P(RealInput, ArgmaxFollowsAlongLlamaCppsPathWithTheDefaults) {
  auto workspace = std::make_shared<Workspace>();
  const std::shared_ptr<const CausalLanguageModel> model = open_causal_lm(Checkpoint::open(GetParam()));
  int compared = 0;
  const Json goldens = golden();
  for (const Json& prompt : goldens["prompts"]) {
    Session session(model, workspace);
    std::vector<TokenId> ids = prompt["input_ids"];
    const std::vector<TokenId> followed = prompt["llama_cpp_tokens"];
    const std::vector<TokenId> best = prompt["followed_argmax"];
    const std::vector<double> gaps = prompt["followed_gaps"];
    for (std::size_t i = 0; i < followed.size(); ++i) {
      const std::span<float> logits = session.append(ids);
      if (gaps[i] > 1.0) {
        ++compared;
        EXPECT_EQ(std::max_element(logits.begin(), logits.end()) - logits.begin(), best[i])
            << prompt["prompt"] << ", step " << i << ", gap " << gaps[i];
      }
      ids = {followed[i]};
    }
  }
  EXPECT_GT(compared, 100);
}

INSTANTIATE_TEST_SUITE_P(Gemma3, RealInput, ::testing::ValuesIn(gemma_files()));

}  // namespace
}  // namespace headformer::testing
