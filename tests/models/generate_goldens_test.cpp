#include <headformer/generate/generation.hpp>
#include <nlohmann/json.hpp>

#include "models/decoder_families.hpp"

namespace headformer::testing {
namespace {

/// The folders of the goldens that hold a generate.json.
std::vector<std::string> folders() {
  std::vector<std::string> names;
  for (const auto& folder : std::filesystem::directory_iterator(goldens() / "decoders")) {
    if (std::filesystem::exists(folder.path() / "generate.json")) names.push_back(folder.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class GenerateGoldens : public ::testing::TestWithParam<std::string> {};

TEST_P(GenerateGoldens, GreedyIdsAreTheReferences) {
  const std::filesystem::path folder = goldens() / "decoders" / GetParam();
  LoadOptions options;
  options.weights = DType::f32;
  const auto model = open_decoder("decoders/" + GetParam(), options);
  const auto workspace = workspace_of();
  const Json defaults_file = parse_json(Bytes::map(folder / "generation_config.json"));
  const GenerationConfig defaults =
      GenerationConfig::from_checkpoint(JsonObject(defaults_file, "generation_config.json"));
  ASSERT_TRUE(defaults.eos_token_id.has_value());
  const Json cases = parse_json(Bytes::map(folder / "generate.json"));
  ASSERT_FALSE(cases.empty());
  for (const Json& item : cases) {
    SCOPED_TRACE(item["kwargs"].dump());
    GenerationConfig config = GenerationConfig::from_caller(JsonObject(item["kwargs"], "kwargs")).over(defaults);
    // In the reference's generate(), eos_token_id=None is no end at all; in a file null leaves the default.
    if (item["kwargs"].contains("eos_token_id") && item["kwargs"]["eos_token_id"].is_null())
      config.eos_token_id = std::vector<TokenId>{};
    for (std::size_t row = 0; row < item["input_ids"].size(); ++row) {
      Generation<Session> generation(Session(model, workspace), item["input_ids"][row].get<std::vector<TokenId>>(),
                                     config);
      while (generation.next()) continue;
      const std::vector<TokenId> found(generation.generated().begin(), generation.generated().end());
      const auto expected = item["output_ids"][row].get<std::vector<TokenId>>();
      EXPECT_EQ(found, expected) << "row " << row << ", the reference's smallest gap is " << item["smallest_gap"];
      const bool ended = !expected.empty() && generation.is_end(expected.back());
      EXPECT_EQ(generation.finish_reason(), ended ? FinishReason::end_of_sequence : FinishReason::length);
      EXPECT_EQ(generation.timings().generated_tokens, static_cast<Index>(expected.size()));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Folders, GenerateGoldens, ::testing::ValuesIn(folders()),
                         [](const auto& name) { return name.param; });

}  // namespace
}  // namespace headformer::testing
