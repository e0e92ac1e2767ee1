#include "headformer/generate/sampler.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace headformer::testing {
namespace {

constexpr float out = -std::numeric_limits<float>::infinity();

std::vector<float> floats(const Json& array) {
  std::vector<float> values;
  for (const Json& value : array) {
    if (value.is_string())
      values.push_back(value == "nan" ? std::numeric_limits<float>::quiet_NaN() : -out);
    else
      values.push_back(value.is_null() ? out : value.get<float>());
  }
  return values;
}
const Json& golden() {
  static const Json json =
      parse_json(Bytes::map(std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens/logits_processors.json"));
  return json;
}
GenerationConfig config_of(const Json& json) { return GenerationConfig::from_caller(JsonObject(json, "config")); }

TEST(LogitsProcessors, DoWhatTheReferencesDo) {
  for (const Json& item : golden()["cases"]) {
    SCOPED_TRACE(item["row"].dump() + ", " + item["config"].dump() + " after " + item["history"].dump());
    Json asked = item["config"];
    asked["eos_token_id"] = {2, 6};
    const std::size_t beams = asked.value("num_beams", 1U);
    asked.erase("num_beams");
    const auto history = item["history"].get<std::vector<TokenId>>();
    const auto source = item["source"].get<std::vector<TokenId>>();
    const auto prompt = item["prompt"].get<Index>();
    const LogitsChain chain = reference_chain(config_of(asked), prompt, beams > 1 ? 3 : 1);
    const std::vector<float> scores = floats(golden()["rows"][item["row"].get<std::string>()]);
    Candidates candidates(scores);
    chain(candidates, {history, prompt, source});
    const std::vector<float> expected = floats(item["result"]);
    ASSERT_EQ(expected.size(), scores.size());
    float greatest = 0;
    for (const float value : expected)
      if (std::isfinite(value) && std::abs(value) < 1e30F) greatest = std::max(greatest, std::abs(value));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const float* found = candidates.find(static_cast<TokenId>(i));
      const bool is_out = found == nullptr || *found < -3e38F;
      EXPECT_EQ(is_out, expected[i] == out) << "token " << i;
      if (is_out || expected[i] == out) continue;
      if (expected[i] > 1e30F)
        EXPECT_FLOAT_EQ(*found, expected[i]) << "token " << i;
      else
        EXPECT_NEAR(*found, expected[i], 1e-5F * greatest) << "token " << i;
    }
  }
}

/// Whether counts could be draws from these probabilities: Pearson's chi-square against a quantile of about 1e-4.
void expect_distribution(const std::map<TokenId, int>& counts, const std::vector<double>& probabilities, int draws) {
  double statistic = 0;
  int freedom = -1;
  double rare = 0;
  int rare_count = 0;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    const auto at = counts.find(static_cast<TokenId>(i));
    const int count = at == counts.end() ? 0 : at->second;
    const double expected = probabilities[i] * draws;
    if (probabilities[i] == 0) {
      EXPECT_EQ(count, 0) << "token " << i << " has no probability";
    } else if (expected < 5) {  // too few for the approximation: counted together
      rare += expected;
      rare_count += count;
    } else {
      statistic += (count - expected) * (count - expected) / expected;
      ++freedom;
    }
  }
  if (rare >= 5) {
    statistic += (rare_count - rare) * (rare_count - rare) / rare;
    ++freedom;
  }
  // Wilson and Hilferty's approximation of the quantile.
  const double n = std::max(freedom, 1);
  const double root = 1 - 2 / (9 * n) + 3.72 * std::sqrt(2 / (9 * n));
  EXPECT_LE(statistic, n * root * root * root) << freedom << " degrees of freedom";
}

TEST(Sampler, DrawsFollowTheReferencesDistribution) {
  const auto seen = golden()["history"].get<std::vector<TokenId>>();
  const auto prompt = golden()["prompt"].get<Index>();
  const std::vector<float> scores = floats(golden()["rows"]["spread"]);
  for (const Json& item : golden()["chains"]) {
    SCOPED_TRACE(item["config"].dump());
    Json options = item["config"];
    options["do_sample"] = true;
    options["seed"] = 12345;
    Sampler sampler(config_of(options), prompt);
    std::map<TokenId, int> counts;
    constexpr int draws = 20000;
    for (int i = 0; i < draws; ++i) {
      ++counts[sampler(scores, {seen, prompt})];
    }
    expect_distribution(counts, item["probabilities"].get<std::vector<double>>(), draws);
  }
}

GenerationConfig sampling(std::uint64_t seed) {
  GenerationConfig config;
  config.do_sample = true;
  config.seed = seed;
  return config;
}

TEST(Sampler, ASeedRepeatsItsDraws) {
  const std::vector<float> scores = floats(golden()["rows"]["flat"]);
  const auto draw = [&](const GenerationConfig& config) {
    Sampler sampler(config);
    std::vector<TokenId> ids;
    for (int i = 0; i < 50; ++i) {
      ids.push_back(sampler(scores, {ids}));
    }
    return ids;
  };
  EXPECT_EQ(draw(sampling(7)), draw(sampling(7)));
  EXPECT_NE(draw(sampling(7)), draw(sampling(8)));
  GenerationConfig unseeded;
  unseeded.do_sample = true;
  EXPECT_NE(draw(unseeded), draw(unseeded)) << "without a seed every run is its own";
}

TEST(Sampler, OneSeedServesManyGenerations) {
  EXPECT_EQ(nth_seed(7, 0), 7U) << "the only one has the seed itself";
  std::set<std::uint64_t> seeds;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    for (std::uint64_t n = 0; n < 50; ++n) seeds.insert(nth_seed(seed, n));
  }
  EXPECT_EQ(seeds.size(), 2500U) << "neighbours share none";
}

TEST(Sampler, DrawsOfASeedAreTheSameOnEveryMachine) {
  // mt19937_64 is fixed by the standard; these are its first draws over four equal tokens.
  Sampler sampler(sampling(1));
  std::vector<TokenId> ids;
  std::mt19937_64 random(1);
  std::vector<TokenId> expected;
  for (int i = 0; i < 20; ++i) {
    std::vector<float> logits = {0, 0, 0, 0};
    ids.push_back(sampler(logits, {}));
    expected.push_back(static_cast<TokenId>(random() >> 62));
  }
  EXPECT_EQ(ids, expected);
}

TEST(Sampler, GreedyTakesTheFirstOfTheBest) {
  Sampler sampler({});
  std::vector<float> logits = {1, 3, 2, 3};
  EXPECT_EQ(sampler(logits, {}), 1);
  std::vector<float> low = {out, -5, out};
  EXPECT_EQ(sampler(low, {}), 1);
}

TEST(LogitsProcessors, TheRepetitionPenaltyCountsAnIdOnce) {
  Candidates candidates(std::vector<float>{2, -2, 2, -2});
  const TokenId seen[] = {0, 0, 0, 1, 1, -1, 1000};
  RepetitionPenalty{2}(candidates, {seen});
  EXPECT_EQ(candidates.logits, (std::vector<float>{1, -4, 2, -2}));
}

TEST(Sampler, OddLogitsDoNoHarm) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  Sampler drawing(sampling(5));
  for (const std::vector<float>& odd : {std::vector<float>{nan, nan, nan}, {out, out, out}, {nan, 1, out}, {0}}) {
    std::vector<float> logits = odd;
    const TokenId id = drawing(logits, {});
    EXPECT_GE(id, 0);
    EXPECT_LT(static_cast<std::size_t>(id), odd.size());
    std::vector<float> again = odd;
    const TokenId best = Sampler({})(again, {});
    EXPECT_LT(static_cast<std::size_t>(best), odd.size());
  }
  std::vector<float> infinite = {0, std::numeric_limits<float>::infinity(), 0};
  EXPECT_EQ(drawing(infinite, {}), 1) << "an infinite logit is the only choice";
  std::vector<float> nan_and_one = {nan, 1, out};
  EXPECT_EQ(drawing(nan_and_one, {}), 1);
}

TEST(LogitsProcessors, KeepingMoreThanThereIsKeepsAll) {
  const std::vector<float> logits = {1, 2, 3};
  for (const Index k : {0, 3, 100}) {
    Candidates candidates(logits);
    TopK{k}(candidates, {});
    EXPECT_EQ(candidates.ids.size(), 3U) << k;
  }
  Candidates all(logits);
  TopP{1}(all, {});
  MinP{0}(all, {});
  EXPECT_EQ(all.ids.size(), 3U);
  TopP{1e-9}(all, {});
  EXPECT_EQ(all.ids, std::vector<TokenId>{2}) << "the best one always stays";
}

}  // namespace
}  // namespace headformer::testing
