#include <headformer/generate/draft_sequence.hpp>
#include <headformer/generate/prompt_lookup.hpp>
#include <headformer/generate/speculative_sequence.hpp>

#include "models/decoder_families.hpp"

// Reading ahead changes no bit of what a generation sees, in any family: with windows, learned positions that end,
// rotations that depend on the length, quantised weights and caches.
namespace headformer::testing {
namespace {

class SpeculativeProperties : public ::testing::TestWithParam<DecoderCase> {
 protected:
  SpeculativeProperties() : model_(open_decoder(GetParam().path)), workspace_(workspace_of()) {
    prompt_ = random_ids(*model_, GetParam().prompt / 3);
    const Index positions = model_->config().learned_positions;
    steps_ = positions > 0 ? positions - static_cast<Index>(prompt_.size()) + 1 : 120;
  }

  std::shared_ptr<Session> session(const SessionOptions& options = {}) const {
    return std::make_shared<Session>(model_, workspace_, model_->new_sequence(options.cache), options);
  }

  /// Draws of a seed, whose text wanders, or greedy ones, which run into loops; and the logits they were made from.
  template <class Sequence>
  std::vector<TokenId> run(Sequence sequence, bool draws, std::vector<float>& logits) const {
    std::vector<TokenId> history = prompt_;
    std::span<const TokenId> fresh = prompt_;
    GenerationConfig config;
    config.do_sample = draws;
    config.seed = 5;
    config.top_k = 3;
    Sampler sampler(config);
    logits.clear();
    for (Index i = 0; i < steps_; ++i) {
      const std::span<const float> row = sequence.append(fresh);
      logits.insert(logits.end(), row.begin(), row.end());
      history.push_back(sampler(row, {history, static_cast<Index>(prompt_.size()), {}}));
      fresh = std::span<const TokenId>(history).last(1);
    }
    return history;
  }

  template <class Draft>
  void expect_the_same(Draft draft, const SessionOptions& options = {}) {
    for (const bool draws : {false, true}) {
      std::vector<float> expected;
      std::vector<float> found;
      const std::vector<TokenId> plain = run(SharedSession(session(options)), draws, expected);
      const std::vector<TokenId> ahead =
          run(SpeculativeSequence(SharedSession(session(options)), draft, {}), draws, found);
      ASSERT_EQ(ahead, plain) << (draws ? "draws" : "greedy");
      ASSERT_TRUE(same_bits(found, expected)) << (draws ? "draws" : "greedy");
    }
  }

  std::shared_ptr<const CausalLanguageModel> model_;
  std::shared_ptr<Workspace> workspace_;
  std::vector<TokenId> prompt_;
  Index steps_;
};

INSTANTIATE_TEST_SUITE_P(EveryFamily, SpeculativeProperties, ::testing::ValuesIn(decoder_cases()),
                         case_name<DecoderCase>);

TEST_P(SpeculativeProperties, PromptLookupChangesNoBit) {
  for (const Index tokens : {1, 4, 70}) expect_the_same(PromptLookup{tokens, 3});
}

TEST_P(SpeculativeProperties, PromptLookupChangesNoBitOverAQuantisedCache) {
  SessionOptions options;
  options.cache = DType::q8_0;
  expect_the_same(PromptLookup{6, 2}, options);
}

TEST_P(SpeculativeProperties, GuessesAtRandomChangeNoBit) {
  const auto vocabulary = static_cast<unsigned>(model_->config().vocabulary);
  expect_the_same([random = std::mt19937(3), vocabulary](std::span<const TokenId> history) mutable {
    std::vector<TokenId> guesses(random() % 9);
    for (TokenId& id : guesses)
      id = random() % 2 == 0 ? history[random() % history.size()] : static_cast<TokenId>(random() % vocabulary);
    return guesses;
  });
}

TEST_P(SpeculativeProperties, TheFirstLayersAsADraftChangeNoBit) {
  const auto early = std::make_shared<Session>(model_, workspace_, model_->new_sequence(DType::f32, 1));
  DraftOptions options;
  options.tokens = 5;
  options.adapts = true;
  options.confidence = 0.1;
  for (const bool draws : {false, true}) {
    std::vector<float> expected;
    std::vector<float> found;
    const std::vector<TokenId> plain = run(SharedSession(session()), draws, expected);
    early->truncate(0);
    const std::vector<TokenId> ahead = run(
        SpeculativeSequence(SharedSession(session()), DraftSequence(SharedSession(early), options), {}), draws, found);
    ASSERT_EQ(ahead, plain);
    ASSERT_TRUE(same_bits(found, expected));
  }
}

TEST(EarlyExit, AllLayersAreTheModelAndFewerAreNot) {
  const auto model = open_decoder("decoders/llama_grouped");
  const auto workspace = workspace_of();
  const std::vector<TokenId> ids = random_ids(*model, 20);
  const auto layers = static_cast<Index>(model->config().layers.size());
  const auto with_depth = [&](Index depth) {
    return Session(model, workspace, model->new_sequence(DType::f32, depth)).append_all(ids);
  };
  EXPECT_TRUE(same_bits(with_depth(layers), with_depth(0)));
  EXPECT_FALSE(same_bits(with_depth(1), with_depth(0)));
  EXPECT_THROW(model->new_sequence(DType::f32, layers + 1), ArgumentError);
  EXPECT_THROW(model->new_sequence(DType::f32, -1), ArgumentError);

  SequenceState whole = model->new_sequence();
  SequenceState early = model->new_sequence(DType::f32, 1);
  std::vector<SequenceInput> inputs(2);
  inputs[0].state = &whole;
  inputs[1].state = &early;
  inputs[0].ids = inputs[1].ids = ids;
  Tensor<float> logits(Shape{2, model->config().vocabulary});
  EXPECT_THROW(model->forward(*workspace, inputs, logits), ArgumentError) << "of different depths in one batch";
  EXPECT_EQ(whole.length(), 0);
}

}  // namespace
}  // namespace headformer::testing
