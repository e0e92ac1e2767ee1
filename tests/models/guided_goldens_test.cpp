#include <headformer/generate/guided_sequence.hpp>
#include <nlohmann/json.hpp>

#include "models/decoder_families.hpp"

namespace headformer::testing {
namespace {

class GuidedGoldens : public ::testing::TestWithParam<std::string> {};

TEST_P(GuidedGoldens, IdsAreTheReferences) {
  LoadOptions options;
  options.weights = DType::f32;
  const auto model = open_decoder(GetParam(), options);
  const auto workspace = workspace_of();
  for (const Json& item : parse_json(Bytes::map(goldens() / GetParam() / "guided.json"))) {
    SCOPED_TRACE(item.dump());
    std::vector<TokenId> negative;
    if (!item["negative_prompt_ids"].is_null()) negative = item["negative_prompt_ids"].get<std::vector<TokenId>>();
    GenerationConfig config;
    config.max_new_tokens = static_cast<Index>(item["output_ids"].size());
    Generation generation(GuidedSequence(Session(model, workspace), Session(model, workspace),
                                         item["guidance_scale"].get<double>(), negative),
                          item["input_ids"].get<std::vector<TokenId>>(), config);
    while (generation.next()) continue;
    const auto found = generation.generated();
    EXPECT_EQ(std::vector<TokenId>(found.begin(), found.end()), item["output_ids"].get<std::vector<TokenId>>());
  }
}

INSTANTIATE_TEST_SUITE_P(Folders, GuidedGoldens, ::testing::Values("decoders/llama", "decoders/gpt2"),
                         [](const auto& folder) { return folder.param.substr(9); });

}  // namespace
}  // namespace headformer::testing
