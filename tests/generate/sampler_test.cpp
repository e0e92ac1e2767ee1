#include "headformer/generate/sampler.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "headformer/generate/banned_tokens.hpp"

namespace headformer::testing {
namespace {

constexpr float out = -std::numeric_limits<float>::infinity();

std::vector<float> floats(const Json& array) {
  std::vector<float> values;
  for (const Json& value : array) values.push_back(value.is_null() ? out : value.get<float>());
  return values;
}
const Json& golden() {
  static const Json json =
      parse_json(Bytes::map(std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens/logits_processors.json"));
  return json;
}
Candidates candidates_of(const std::vector<float>& logits) {
  Candidates candidates;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    candidates.ids.push_back(static_cast<TokenId>(i));
    candidates.logits.push_back(logits[i]);
  }
  return candidates;
}

TEST(LogitsProcessors, DoWhatTheReferencesDo) {
  const auto seen = golden()["input_ids"].get<std::vector<TokenId>>();
  for (const Json& item : golden()["cases"]) {
    const std::vector<float> scores = floats(golden()["rows"][item["row"].get<std::string>()]);
    const std::vector<float> expected = floats(item["result"]);
    const auto name = item["processor"].get<std::string>();
    const auto value = item["value"].get<double>();
    SCOPED_TRACE(item["row"].get<std::string>() + ", " + name + " " + item["value"].dump());
    std::vector<float> found = scores;
    if (name == "repetition_penalty") {
      penalise_repetition(found, seen, value);
    } else if (name == "temperature") {
      continue;  // part of the draw: see the chains
    } else {
      Candidates candidates = candidates_of(scores);
      if (name == "top_k") keep_top_k(candidates, static_cast<Index>(value));
      if (name == "top_p") keep_top_p(candidates, value);
      if (name == "min_p") keep_min_p(candidates, value);
      std::fill(found.begin(), found.end(), out);
      for (std::size_t i = 0; i < candidates.ids.size(); ++i)
        found[static_cast<std::size_t>(candidates.ids[i])] = candidates.logits[i];
    }
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (std::isinf(expected[i])) {
        EXPECT_EQ(found[i], out) << "token " << i << " should be out";
      } else {
        EXPECT_FLOAT_EQ(found[i], expected[i]) << "token " << i;
      }
    }
  }
}

TEST(LogitsProcessors, BanWhatTheReferencesBan) {
  for (const Json& item : golden()["bans"]) {
    const auto name = item["processor"].get<std::string>();
    const Json& value = item["value"];
    const auto history = item["input_ids"].get<std::vector<TokenId>>();
    SCOPED_TRACE(item.dump());
    std::vector<TokenId> banned;
    if (name == "no_repeat_ngram_size") ban_repeated_ngrams(history, history, value.get<std::size_t>(), banned);
    if (name == "encoder_no_repeat_ngram_size") {
      const auto source = item["source"].get<std::vector<TokenId>>();
      ban_repeated_ngrams(source, history, value.get<std::size_t>(), banned);
    }
    if (name == "bad_words_ids") {
      auto words = value.get<std::vector<std::vector<TokenId>>>();
      std::erase(words, std::vector<TokenId>{2});  // the end, which Generation leaves out
      ban_sequences(words, history, banned);
    }
    EXPECT_EQ(std::set<TokenId>(banned.begin(), banned.end()), item["banned"].get<std::set<TokenId>>());
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
  const auto seen = golden()["input_ids"].get<std::vector<TokenId>>();
  const std::vector<float> scores = floats(golden()["rows"]["spread"]);
  for (const Json& item : golden()["chains"]) {
    SCOPED_TRACE(item["config"].dump());
    Json options = item["config"];
    options["do_sample"] = true;
    options["seed"] = 12345;
    Sampler sampler(GenerationConfig::from_caller(JsonObject(options, "config")));
    std::map<TokenId, int> counts;
    constexpr int draws = 20000;
    for (int i = 0; i < draws; ++i) {
      std::vector<float> logits = scores;
      ++counts[sampler(logits, seen)];
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
      std::vector<float> logits = scores;
      ids.push_back(sampler(logits, ids));
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

TEST(Sampler, BannedTokensAreNotChosen) {
  const TokenId banned[] = {1, 3, 99, -1};
  Sampler greedy({});
  std::vector<float> logits = {1, 3, 2, 3};
  EXPECT_EQ(greedy(logits, {}, banned), 2);
  Sampler drawing(sampling(3));
  for (int i = 0; i < 200; ++i) {
    std::vector<float> again = {1, 3, 2, 3};
    const TokenId id = drawing(again, {}, banned);
    EXPECT_TRUE(id == 0 || id == 2) << id;
  }
}

TEST(Sampler, TheRepetitionPenaltyCountsAnIdOnce) {
  std::vector<float> logits = {2, -2, 2, -2};
  const TokenId seen[] = {0, 0, 0, 1, 1, -1, 1000};
  penalise_repetition(logits, seen, 2);
  EXPECT_EQ(logits, (std::vector<float>{1, -4, 2, -2}));
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

TEST(Sampler, KeepingMoreThanThereIsKeepsAll) {
  const std::vector<float> logits = {1, 2, 3};
  for (const Index k : {0, 3, 100}) {
    Candidates candidates = candidates_of(logits);
    keep_top_k(candidates, k);
    EXPECT_EQ(candidates.ids.size(), 3U) << k;
  }
  Candidates all = candidates_of(logits);
  keep_top_p(all, 1);
  keep_min_p(all, 0);
  EXPECT_EQ(all.ids.size(), 3U);
  keep_top_p(all, 1e-9);
  EXPECT_EQ(all.ids, std::vector<TokenId>{2}) << "the best one always stays";
}

}  // namespace
}  // namespace headformer::testing
