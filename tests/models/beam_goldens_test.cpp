#include <headformer/generate/group_beam_search.hpp>
#include <headformer/models/causal_lm/session_group.hpp>
#include <nlohmann/json.hpp>

#include "models/seq2seq.hpp"

namespace headformer::testing {
namespace {

/// Of either kind of model: an encoder-decoder's beams begin over the ids as their source.
class BeamSearcher {
 public:
  explicit BeamSearcher(const std::string& path, int threads = 1) : workspace_(workspace_of(threads)) {
    LoadOptions options;
    options.weights = DType::f32;
    if (path.starts_with("seq2seq/")) {
      seq2seq_ = open_seq2seq_of_goldens(path.substr(8), options);
    } else {
      decoder_ = open_decoder(path, options);
    }
  }
  std::vector<Hypothesis> run(const std::vector<TokenId>& ids, const GenerationConfig& config) const {
    SessionGroup group(seq2seq_ ? session_over(seq2seq_, workspace_, ids) : Session(decoder_, workspace_));
    SearchOptions options;
    if (seq2seq_) options.source = ids;
    return search_beams(group, seq2seq_ ? std::vector<TokenId>{config.decoder_start_token_id.value()} : ids, config,
                        options);
  }

 private:
  std::shared_ptr<Workspace> workspace_;
  std::shared_ptr<const CausalLanguageModel> decoder_;
  std::shared_ptr<const SequenceToSequence> seq2seq_;
};

/// A folder's file of cases, beams.json or group_beams.json.
void expect_answers(const std::string& path, const char* file) {
  const std::filesystem::path folder = goldens() / path;
  const BeamSearcher searcher(path);
  const Json defaults_file = parse_json(Bytes::map(folder / "generation_config.json"));
  const GenerationConfig defaults =
      GenerationConfig::from_checkpoint(JsonObject(defaults_file, "generation_config.json"));
  const Json cases = parse_json(Bytes::map(folder / file));
  ASSERT_FALSE(cases.empty());
  for (const Json& item : cases) {
    SCOPED_TRACE(item["kwargs"].dump());
    GenerationConfig config = GenerationConfig::from_caller(JsonObject(item["kwargs"], "kwargs")).over(defaults);
    if (item["kwargs"]["eos_token_id"].is_null()) config.eos_token_id = std::vector<TokenId>{};
    for (std::size_t row = 0; row < item["input_ids"].size(); ++row) {
      const std::vector<Hypothesis> found = searcher.run(item["input_ids"][row].get<std::vector<TokenId>>(), config);
      ASSERT_GE(found.size(), item["output_ids"][row].size());
      for (std::size_t i = 0; i < item["output_ids"][row].size(); ++i) {
        EXPECT_EQ(found[i].ids, item["output_ids"][row][i].get<std::vector<TokenId>>()) << "row " << row << ", " << i;
        const auto score = item["scores"][row][i].get<float>();
        EXPECT_NEAR(found[i].score, score, 2e-4F * std::max(1.0F, std::abs(score)));
      }
    }
  }
}

class BeamGoldens : public ::testing::TestWithParam<std::string> {};

TEST_P(BeamGoldens, AnswersAreTheReferences) {
  expect_answers(GetParam(), "beams.json");
  if (std::filesystem::exists(goldens() / GetParam() / "group_beams.json"))
    expect_answers(GetParam(), "group_beams.json");
}

INSTANTIATE_TEST_SUITE_P(Folders, BeamGoldens,
                         ::testing::Values("decoders/llama", "decoders/gpt2", "decoders/qwen2_window",
                                           "decoders/gemma3", "seq2seq/marian", "seq2seq/bart", "seq2seq/t5"),
                         [](const auto& folder) {
                           std::string name = folder.param;
                           std::replace(name.begin(), name.end(), '/', '_');
                           return name;
                         });

TEST(BeamSearch, DrawsOfASeedAreTheSameOnAnyNumberOfThreads) {
  GenerationConfig config;
  config.num_beams = 3;
  config.do_sample = true;
  config.seed = 9;
  config.max_new_tokens = 12;
  const std::vector<TokenId> prompt = {5, 9, 12, 7};
  const auto ids = [&](int threads) {
    std::vector<std::vector<TokenId>> all;
    for (const Hypothesis& found : BeamSearcher("decoders/llama", threads).run(prompt, config))
      all.push_back(found.ids);
    return all;
  };
  const auto one = ids(1);
  EXPECT_EQ(one.size(), 3U);
  EXPECT_EQ(ids(2), one);
  config.seed = 10;
  EXPECT_NE(ids(1), one);
}

}  // namespace
}  // namespace headformer::testing
