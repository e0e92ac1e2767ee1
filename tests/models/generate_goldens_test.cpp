#include <headformer/generate/generation.hpp>
#include <nlohmann/json.hpp>

#include "models/seq2seq.hpp"

namespace headformer::testing {
namespace {

/// The folders of the goldens that hold a generate.json.
std::vector<std::string> folders() {
  std::vector<std::string> names;
  for (const std::string kind : {"decoders/", "seq2seq/"}) {
    for (const auto& folder : std::filesystem::directory_iterator(goldens() / kind)) {
      if (std::filesystem::exists(folder.path() / "generate.json"))
        names.push_back(kind + folder.path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// A generation of either kind of model: an encoder-decoder's begins over the ids as its source.
class Generator {
 public:
  explicit Generator(const std::string& path) {
    LoadOptions options;
    options.weights = DType::f32;
    if (path.starts_with("seq2seq/")) {
      seq2seq_ = open_seq2seq_of_goldens(path.substr(8), options);
    } else {
      decoder_ = open_decoder(path, options);
    }
  }
  Generation<Session> start(const std::vector<TokenId>& ids, const GenerationConfig& config) const {
    if (!seq2seq_) return {Session(decoder_, workspace_), ids, config};
    return {session_over(seq2seq_, workspace_, ids), {config.decoder_start_token_id.value()}, config};
  }

 private:
  std::shared_ptr<Workspace> workspace_ = workspace_of();
  std::shared_ptr<const CausalLanguageModel> decoder_;
  std::shared_ptr<const SequenceToSequence> seq2seq_;
};

class GenerateGoldens : public ::testing::TestWithParam<std::string> {};

TEST_P(GenerateGoldens, GreedyIdsAreTheReferences) {
  const std::filesystem::path folder = goldens() / GetParam();
  const Generator generator(GetParam());
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
      Generation<Session> generation = generator.start(item["input_ids"][row].get<std::vector<TokenId>>(), config);
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

INSTANTIATE_TEST_SUITE_P(Folders, GenerateGoldens, ::testing::ValuesIn(folders()), [](const auto& folder) {
  std::string name = folder.param;
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
});

}  // namespace
}  // namespace headformer::testing
