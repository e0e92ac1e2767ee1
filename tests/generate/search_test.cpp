#include <gtest/gtest.h>

#include "headformer/generate/beam_search.hpp"
#include "headformer/generate/best_of.hpp"
#include "headformer/generate/generation.hpp"
#include "headformer/generate/log_probabilities.hpp"
#include "support/errors.hpp"

namespace headformer::testing {
namespace {

/// The likeliest next id is the last one plus one, then plus two, ...: e^-1 less each. Ten ids.
class Successors {
 public:
  std::span<const float> start(std::span<const TokenId> ids) {
    ++steps;
    return rows({ids.last(1).data(), 1});
  }
  std::span<const float> step(std::span<const std::size_t> parents, std::span<const TokenId> ids) {
    EXPECT_EQ(parents.size(), ids.size());
    ++steps;
    if (steps == cancel_at) cancellation.cancel();
    return rows(ids);
  }
  int steps = 0;
  int cancel_at = 0;
  Cancellation cancellation;

 private:
  std::span<const float> rows(std::span<const TokenId> last) {
    logits_.assign(last.size() * 10, 0);
    for (std::size_t i = 0; i < last.size(); ++i)
      for (TokenId id = 0; id < 10; ++id)
        logits_[i * 10 + static_cast<std::size_t>((last[i] + 1 + id) % 10)] = static_cast<float>(-id);
    return logits_;
  }
  std::vector<float> logits_;
};
static_assert(SequenceGroup<Successors>);

GenerationConfig beams_of(Index count, Index most) {
  GenerationConfig config;
  config.num_beams = count;
  config.max_new_tokens = most;
  return config;
}

TEST(BeamSearchOfSuccessors, FindsTheLikeliestSequences) {
  Successors group;
  const auto found = BeamSearch(group, {1}, beams_of(3, 3)).run();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].ids, (std::vector<TokenId>{2, 3, 4}));
  EXPECT_EQ(found[0].reason, FinishReason::length);
  double log_sum = 0;
  for (int i = 0; i < 10; ++i) log_sum += std::exp(-i);
  EXPECT_NEAR(found[0].score, -std::log(log_sum), 1e-6) << "the mean: each step costs the same";
  EXPECT_NEAR(found[1].score, -std::log(log_sum) - 1.0 / 3, 1e-6) << "one step is the second best";
  EXPECT_EQ(group.steps, 3) << "nobody asked what follows the last";
}

TEST(BeamSearchOfSuccessors, EndsAtEndsAndStopStrings) {
  Successors group;
  GenerationConfig config = beams_of(2, 9);
  config.eos_token_id = {4};
  auto found = BeamSearch(group, {1}, config).run();
  EXPECT_EQ(found[0].ids, (std::vector<TokenId>{2, 3, 4}));
  EXPECT_EQ(found[0].reason, FinishReason::end_of_sequence);
  config.eos_token_id = {};
  SearchOptions options;
  options.stops = [](std::span<const TokenId> history) { return history.back() == 3; };
  found = BeamSearch(group, {1}, config, options).run();
  EXPECT_EQ(found[0].ids, (std::vector<TokenId>{2, 3}));
  EXPECT_EQ(found[0].reason, FinishReason::stop_string);
}

TEST(BeamSearchOfSuccessors, EndsQuietlyWhenItIsCancelledOrOutOfTime) {
  Successors group;
  group.cancel_at = 3;
  SearchOptions options;
  options.cancellation = group.cancellation;
  EXPECT_TRUE(BeamSearch(group, {1}, beams_of(2, 50), options).run().empty());
  EXPECT_LE(group.steps, 4);
  Successors slow;
  GenerationConfig config = beams_of(2, 50);
  config.max_time = 1e-9;
  const auto found = BeamSearch(slow, {1}, config).run();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].ids, std::vector<TokenId>{2});
  EXPECT_EQ(found[0].reason, FinishReason::time);
  expect_mentions(message_of<ArgumentError>([&] { BeamSearch(slow, {}, config); }), {"prompt", "at least one"});
}

TEST(BeamSearchOfSuccessors, DrawsAreOfTheDistribution) {
  GenerationConfig config = beams_of(2, 1);
  config.do_sample = true;
  config.top_k = 0;
  std::vector<int> first(10, 0);
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    config.seed = seed;
    Successors group;
    const auto found = BeamSearch(group, {9}, config).run();
    ASSERT_EQ(found.size(), 2U);
    EXPECT_NE(found[0].ids, found[1].ids) << "without replacement";
    ++first[static_cast<std::size_t>(found[0].ids.front())];
  }
  // Of two draws without replacement the better one is 0 unless both are others.
  const double p = (1 - std::exp(-1.0)) / (1 - std::exp(-10.0));
  double neither = 0;
  for (int i = 1; i < 10; ++i) {
    const double q = p * std::exp(-i);
    neither += q * (1 - p / (1 - q));
  }
  EXPECT_NEAR(first[0], 4000 * (1 - neither), 4 * std::sqrt(4000 * neither * (1 - neither)));
}

TEST(BestOf, TheScorerDecides) {
  std::vector<Hypothesis> answers = {{{1}, 0}, {{2, 3}, 0}, {{4}, 0}, {{5, 6}, 0}};
  const auto ranked = best_of(answers, [](const Hypothesis& answer) { return answer.ids.size(); });
  EXPECT_EQ(ranked[0].ids, (std::vector<TokenId>{2, 3}));
  EXPECT_EQ(ranked[1].ids, (std::vector<TokenId>{5, 6})) << "equal ones in their order";
  EXPECT_EQ(ranked[3].ids, std::vector<TokenId>{4});
  EXPECT_EQ(ranked[0].score, 2);
}

TEST(BestOf, TheMajorityWins) {
  const auto last = [](const Hypothesis& answer) { return answer.ids.back(); };
  const std::vector<Hypothesis> answers = {{{1, 7}}, {{2, 9}}, {{3, 8}}, {{4, 9}}, {{5, 8}}};
  EXPECT_EQ(majority(answers, last), 1U) << "9 and 8 are there twice, 9 first";
  EXPECT_EQ(majority(std::span(answers).first(1), last), 0U);
  EXPECT_EQ(majority(std::span<const Hypothesis>(), last), 0U);
}

TEST(LogProbabilities, AreOfTheModelsOwnDistribution) {
  const std::vector<float> logits = {0, 1, 3, 2};
  const TokenLogProbability found = log_probability(logits, 1, 2);
  const double log_sum = std::log(1 + std::exp(1.0) + std::exp(3.0) + std::exp(2.0));
  EXPECT_NEAR(found.log_probability, 1 - log_sum, 1e-6);
  ASSERT_EQ(found.top.size(), 2U);
  EXPECT_EQ(found.top[0].first, 2);
  EXPECT_NEAR(found.top[1].second, 2 - log_sum, 1e-6);
  EXPECT_EQ(log_probability(logits, 0, 99).top.size(), 4U);
}

}  // namespace
}  // namespace headformer::testing
