#include <gtest/gtest.h>

#include "headformer/generate/sampler.hpp"

namespace headformer::testing {
namespace {

const std::vector<float> steps = {0, 1, 2, 3, 4};

std::vector<TokenId> kept_by(const LogitsChain& chain, const std::vector<float>& logits, Random* random = nullptr) {
  Candidates candidates(logits);
  chain(candidates, {{}, 0, {}, random});
  return candidates.ids;
}
std::vector<float> after(const LogitsChain& chain, const std::vector<float>& logits,
                         const std::vector<TokenId>& history) {
  Candidates candidates(logits);
  chain(candidates, {history, static_cast<Index>(history.size())});
  return candidates.logits;
}

TEST(LlamaCppProcessors, PresenceCountsOnceAndFrequencyEachTime) {
  const std::vector<float> zeros(5, 0);
  EXPECT_EQ(after(LogitsChain().then(PresencePenalty{0.5, 0.25, -1}), zeros, {1, 1, 1, 2, 9}),
            (std::vector<float>{0, -1.25F, -0.75F, 0, 0}));
  EXPECT_EQ(after(LogitsChain().then(PresencePenalty{0.5, 0.25, 2}), zeros, {1, 1, 1, 2, 2}),
            (std::vector<float>{0, 0, -1, 0, 0}))
      << "of the last two only";
  EXPECT_EQ(after(LogitsChain().then(PresencePenalty{0.5, 0.25, 0}), zeros, {1, 2}), zeros);
}

TEST(LlamaCppProcessors, DryPenalisesWhatGoesOnWithARepetition) {
  const std::vector<float> zeros(10, 0);
  const auto dry = [&](const std::vector<TokenId>& history, GenerationConfig::Sequences breakers = {},
                       Index last = -1) {
    return after(LogitsChain().then(DryPenalty{2, 3, 2, last, std::move(breakers)}), zeros, history);
  };
  const auto only = [&](TokenId id, float value) {
    std::vector<float> result = zeros;
    result[static_cast<std::size_t>(id)] = value;
    return result;
  };
  EXPECT_EQ(dry({1, 2, 4, 5, 1, 2}), only(4, -2)) << "2 * 3^0: as long as is allowed";
  EXPECT_EQ(dry({3, 1, 2, 4, 5, 3, 1, 2}), only(4, -6)) << "2 * 3^1";
  EXPECT_EQ(dry({1, 4, 5, 1}), zeros) << "one token is no repetition";
  EXPECT_EQ(dry({3, 1, 2, 4, 3, 1, 2, 5, 1, 2}), [&] {
    std::vector<float> result = only(4, -2);
    result[5] = -2;
    return result;
  }()) << "each that has gone on";
  EXPECT_EQ(dry({3, 1, 2, 4, 5, 3, 1, 2}, {{3}}), only(4, -2)) << "a breaker ends it";
  EXPECT_EQ(dry({3, 1, 2, 4, 5, 3, 1, 2}, {{1}}), zeros);
  EXPECT_EQ(dry({3, 1, 2, 4, 5, 3, 1, 2}, {{3, 1}}), zeros) << "of two tokens";
  EXPECT_EQ(dry({3, 1, 2, 4, 5, 3, 1, 2}, {{5, 1}}), only(4, -6)) << "which has not come";
  EXPECT_EQ(dry({1, 2, 4, 5, 1, 2}, {}, 5), zeros) << "beyond what is looked at";
  EXPECT_EQ(dry({7, 7, 7, 7}), only(7, -6)) << "a run is a repetition of itself";
}

TEST(LlamaCppProcessors, TopNSigmaKeepsWhatIsNearTheBest) {
  // Standard deviation sqrt(2).
  EXPECT_EQ(kept_by(LogitsChain().then(TopNSigma{1}), steps), (std::vector<TokenId>{3, 4}));
  EXPECT_EQ(kept_by(LogitsChain().then(TopNSigma{1.5}), steps), (std::vector<TokenId>{2, 3, 4}));
  EXPECT_EQ(kept_by(LogitsChain().then(TopNSigma{1}), {0, 1, 2, 3, 4, -std::numeric_limits<float>::infinity()}),
            (std::vector<TokenId>{3, 4}))
      << "what is out already does not count";
}

TEST(LlamaCppProcessors, XtcLeavesTheLeastOfTheTopChoices) {
  std::vector<float> logits;
  for (const double p : {0.05, 0.3, 0.4, 0.15, 0.1}) logits.push_back(static_cast<float>(std::log(p)));
  Random random(1);
  EXPECT_EQ(kept_by(LogitsChain().then(ExcludeTopChoices{1, 0.12}), logits, &random), (std::vector<TokenId>{0, 3, 4}));
  EXPECT_EQ(kept_by(LogitsChain().then(ExcludeTopChoices{1, 0.35}), logits, &random).size(), 5U) << "a single one";
  EXPECT_EQ(kept_by(LogitsChain().then(ExcludeTopChoices{1, 0.6}), logits, &random).size(), 5U) << "off above a half";
  EXPECT_EQ(kept_by(LogitsChain().then(ExcludeTopChoices{1, 0.12}), logits).size(), 5U) << "without chance";
  int excluded = 0;
  for (int i = 0; i < 1000; ++i)
    excluded += kept_by(LogitsChain().then(ExcludeTopChoices{0.3, 0.12}), logits, &random).size() == 3 ? 1 : 0;
  EXPECT_NEAR(excluded, 300, 60);
}

TEST(LlamaCppProcessors, TheTemperatureMovesWithTheEntropy) {
  const auto divisor = [](const DynamicTemperature& dynamic, const std::vector<float>& logits) {
    Candidates candidates(logits);
    dynamic(candidates, {});
    return logits.back() / candidates.logits.back();
  };
  EXPECT_NEAR(divisor({1, 0.5, 1}, {2, 2, 2, 2}), 1.5, 1e-6) << "the greatest entropy: the greatest temperature";
  EXPECT_NEAR(divisor({1, 0.5, 1}, {0, 0, 0, 60}), 0.5, 1e-6) << "none: the least";
  const double p[] = {1 / (1 + std::exp(2.0)), 1 / (1 + std::exp(-2.0))};
  const double part = -(p[0] * std::log(p[0]) + p[1] * std::log(p[1])) / std::log(2.0);
  EXPECT_NEAR(divisor({1, 0.5, 2}, {0, 2}), 0.5 + part * part, 1e-6);
  Candidates frozen(std::vector<float>{0, 0, 500});
  DynamicTemperature{0.5, 0.5, 1}(frozen, {});
  EXPECT_EQ(frozen.ids, std::vector<TokenId>{2}) << "a temperature of 0 is no choice";
}

TEST(LlamaCppProcessors, MirostatKeepsTheSurpriseNearItsAim) {
  GenerationConfig config;
  config.do_sample = true;
  config.mirostat = 2;
  config.mirostat_tau = 3;
  config.mirostat_eta = 0.1;
  config.seed = 4;
  std::vector<float> logits;
  for (int i = 0; i < 400; ++i) logits.push_back(static_cast<float>(-1.1 * std::log(i + 1.0)));  // Zipf
  Sampler sampler(config);
  // The allowance by its formula: 2 tau, less eta times how far the surprise is from tau.
  double allowance = 6;
  double sum = 0;
  constexpr int draws = 2000;
  for (int i = 0; i < draws; ++i) {
    Candidates kept(logits);
    const std::vector<double> all = kept.probabilities();
    kept.filter([&](std::size_t at) { return at == 0 || -std::log2(all[at]) <= allowance; });
    const std::vector<double> probabilities = kept.probabilities();
    const auto id = static_cast<std::size_t>(sampler(logits, {}));
    ASSERT_LT(id, kept.size()) << "the draw is among those";
    const double surprise = -std::log2(probabilities[id]);
    sum += surprise;
    allowance -= 0.1 * (surprise - 3);
  }
  EXPECT_NEAR(sum / draws, 3, 0.1);
}

TEST(LlamaCppProcessors, TheCallersOrderIsKept) {
  GenerationConfig config;
  config.do_sample = true;
  config.temperature = 3;
  config.min_p = 0.3;
  config.top_k = 4;
  const auto kept = [&](const GenerationConfig::Strings& samplers) {
    config.samplers = samplers;
    return kept_by(reference_chain(config, 1), steps);
  };
  EXPECT_EQ(kept({"min_p", "temperature"}), (std::vector<TokenId>{3, 4}));
  EXPECT_EQ(kept({"temperature", "min_p"}), (std::vector<TokenId>{1, 2, 3, 4}))
      << "flatter before anything is left out";
  EXPECT_EQ(kept({"top_k"}), (std::vector<TokenId>{1, 2, 3, 4}));
  EXPECT_EQ(kept({}), (std::vector<TokenId>{0, 1, 2, 3, 4}));
}

TEST(LlamaCppProcessors, ACallersOwnChainDecides) {
  GenerationConfig config;
  config.do_sample = true;
  config.seed = 1;
  const auto even = [](Candidates& candidates, const DecodingStep&) {
    candidates.filter([&](std::size_t i) { return candidates.ids[i] % 2 == 0; });
  };
  Sampler sampler(config, LogitsChain().then(even).then(TopK{1}));
  EXPECT_EQ(sampler(std::vector<float>{0, 9, 2, 8, 1}, {}), 2);
}

}  // namespace
}  // namespace headformer::testing
