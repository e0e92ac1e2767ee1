#include "headformer/generate/speculative_sequence.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "headformer/generate/draft_sequence.hpp"
#include "headformer/generate/prompt_lookup.hpp"

namespace headformer::testing {
namespace {

/// Logits by the last two ids; counts what is computed. As a session is, it can go back.
class Scripted {
 public:
  static constexpr TokenId size = 5;
  struct Counts {
    Index passes = 0;
    Index rows = 0;
  };
  explicit Scripted(Counts* counts, float sharpness = 1, Index most_at_once = 64)
      : counts_(counts), sharpness_(sharpness), most_at_once_(most_at_once) {}

  std::span<float> append(std::span<const TokenId> ids) {
    ids_.insert(ids_.end(), ids.begin(), ids.end());
    ++counts_->passes;
    counts_->rows += static_cast<Index>(ids.size());
    row_.resize(size);
    fill(ids_.size(), row_);
    return row_;
  }
  void append_all(std::span<const TokenId> ids, Tensor<float>& logits) {
    if (logits.data() == nullptr || logits.size(0) < static_cast<Index>(ids.size()))
      logits = Tensor<float>(Shape{static_cast<Index>(ids.size()), size});
    ids_.insert(ids_.end(), ids.begin(), ids.end());
    ++counts_->passes;
    counts_->rows += static_cast<Index>(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i)
      fill(ids_.size() - ids.size() + i + 1, logits.view().row_span(static_cast<Index>(i)));
  }
  void truncate(Index length) {
    ASSERT_LE(length, this->length());
    ids_.resize(static_cast<std::size_t>(length));
  }
  Index length() const { return static_cast<Index>(ids_.size()); }
  Index at_once(Index count) const { return std::min(count, most_at_once_); }

 private:
  void fill(std::size_t length, std::span<float> logits) const {
    const TokenId last = ids_[length - 1];
    const TokenId before = length > 1 ? ids_[length - 2] : 0;
    for (TokenId i = 0; i < size; ++i)
      logits[static_cast<std::size_t>(i)] = sharpness_ * std::sin(static_cast<float>(3 * last + 7 * before + 5 * i));
  }

  Counts* counts_;
  float sharpness_;
  Index most_at_once_;
  std::vector<TokenId> ids_;
  std::vector<float> row_;
};
static_assert(SpeculativeTokenSequence<Scripted>);

template <class Sequence>
std::vector<TokenId> tokens_of(Sequence sequence, const GenerationConfig& config) {
  Generation<Sequence> generation(std::move(sequence), {1, 2, 3}, config);
  std::vector<TokenId> ids;
  while (const auto id = generation.next()) ids.push_back(*id);
  return ids;
}

GenerationConfig greedy_config(Index tokens) {
  GenerationConfig config;
  config.max_new_tokens = tokens;
  return config;
}

TEST(SpeculativeSequence, LoopsAreReadAheadInFewPasses) {
  Scripted::Counts plain;
  Scripted::Counts ahead;
  const std::vector<TokenId> expected = tokens_of(Scripted(&plain), greedy_config(200));
  const std::vector<TokenId> found =
      tokens_of(SpeculativeSequence(Scripted(&ahead), PromptLookup{7, 3}), greedy_config(200));
  EXPECT_EQ(found, expected);
  EXPECT_EQ(plain.passes, 200);
  EXPECT_LT(ahead.passes, 60) << "greedy choices of two ids' script are a loop soon";
}

TEST(SpeculativeSequence, NoIdeaIsAPlainStep) {
  Scripted::Counts plain;
  Scripted::Counts ahead;
  const std::vector<TokenId> expected = tokens_of(Scripted(&plain), greedy_config(50));
  const auto none = [](std::span<const TokenId>) { return std::vector<TokenId>(); };
  EXPECT_EQ(tokens_of(SpeculativeSequence(Scripted(&ahead), none), greedy_config(50)), expected);
  EXPECT_EQ(ahead.passes, plain.passes);
  EXPECT_EQ(ahead.rows, plain.rows);
}

TEST(SpeculativeSequence, AsksForNoMoreThanCanComeAtOnce) {
  for (const Index most : {1, 2, 3}) {
    Scripted::Counts ahead;
    Scripted::Counts plain;
    const std::vector<TokenId> expected = tokens_of(Scripted(&plain), greedy_config(40));
    EXPECT_EQ(tokens_of(SpeculativeSequence(Scripted(&ahead, 1, most), PromptLookup{9, 2}), greedy_config(40)),
              expected);
    EXPECT_LE(ahead.rows, 3 + most * (ahead.passes - 1)) << "at most " << most << " after the prompt";
  }
}

TEST(SpeculativeSequence, ADraftModelsDraftIsTakenWhereItAgrees) {
  Scripted::Counts plain;
  Scripted::Counts ahead;
  Scripted::Counts draft;
  const std::vector<TokenId> expected = tokens_of(Scripted(&plain), greedy_config(90));
  DraftOptions options;
  options.tokens = 8;
  options.confidence = 0;
  const std::vector<TokenId> found =
      tokens_of(SpeculativeSequence(Scripted(&ahead), DraftSequence(Scripted(&draft), options)), greedy_config(90));
  EXPECT_EQ(found, expected);
  EXPECT_LE(ahead.passes, 1 + (90 + 8) / 9) << "the draft is the model itself: nine tokens a pass";
}

TEST(SpeculativeSequence, AnUnsureDraftEnds) {
  Scripted::Counts draft;
  DraftOptions options;
  options.tokens = 8;
  options.confidence = 0.99;
  DraftSequence sequence(Scripted(&draft), options);
  EXPECT_EQ(sequence(std::vector<TokenId>{1, 2, 3}).size(), 1U) << "it ends behind what it is unsure of";
}

TEST(SpeculativeSequence, AnAdaptingDraftGrowsAndShrinks) {
  Scripted::Counts counts;
  DraftOptions options;
  options.tokens = 3;
  options.adapts = true;
  options.confidence = 0;
  DraftSequence draft(Scripted(&counts), options);
  std::vector<TokenId> history = {1, 2, 3};
  std::vector<TokenId> guesses = draft(history);
  ASSERT_EQ(guesses.size(), 3U);
  history.insert(history.end(), guesses.begin(), guesses.end());
  history.push_back(0);
  guesses = draft(history);
  EXPECT_EQ(guesses.size(), 5U) << "all were taken";
  history.push_back((guesses[0] + 1) % Scripted::size);
  EXPECT_EQ(draft(history).size(), 4U) << "the first was wrong";
}

TEST(SpeculativeSequence, DrawsKeepTheirDistribution) {
  // The chi-square statistic of the pairs (what came before, what was drawn) of one long generation; and, stronger, the
  // very draws.
  constexpr Index count = 20000;
  GenerationConfig config = greedy_config(count);
  config.do_sample = true;
  config.seed = 11;
  config.top_k = 0;
  Scripted::Counts plain;
  Scripted::Counts ahead;
  const std::vector<TokenId> expected = tokens_of(Scripted(&plain), config);
  const std::vector<TokenId> found = tokens_of(SpeculativeSequence(Scripted(&ahead), PromptLookup{3, 2}), config);
  ASSERT_EQ(found, expected);
  EXPECT_LT(ahead.passes, plain.passes);

  constexpr std::size_t n = Scripted::size;
  std::vector<double> seen(n * n * n, 0);
  std::vector<double> contexts(n * n, 0);
  for (std::size_t i = 2; i < found.size(); ++i) {
    const auto at = [&](std::size_t place) { return static_cast<std::size_t>(found[place]); };
    const std::size_t context = at(i - 2) * n + at(i - 1);
    ++contexts[context];
    ++seen[context * n + at(i)];
  }
  double statistic = 0;
  double freedom = 0;
  for (std::size_t context = 0; context < n * n; ++context) {
    if (contexts[context] < 50) continue;
    const std::size_t before = context / n;
    const std::size_t last = context % n;
    double total = 0;
    std::vector<double> weights;
    for (std::size_t i = 0; i < n; ++i)
      total += weights.emplace_back(std::exp(std::sin(static_cast<float>(3 * last + 7 * before + 5 * i))));
    for (std::size_t i = 0; i < n; ++i) {
      const double mean = contexts[context] * weights[i] / total;
      const double difference = seen[context * n + i] - mean;
      statistic += difference * difference / mean;
    }
    freedom += n - 1;
  }
  EXPECT_GT(freedom, 50);
  EXPECT_LT(statistic, freedom + 4 * std::sqrt(2 * freedom)) << "of " << freedom << " degrees of freedom";
}

TEST(PromptLookup, FollowsTheLongestAndLatestMatch) {
  const PromptLookup lookup{3, 2};
  const auto guesses = [&](std::vector<TokenId> history) { return lookup(history); };
  using Ids = std::vector<TokenId>;
  EXPECT_EQ(guesses({1, 2, 3}), Ids{});
  EXPECT_EQ(guesses({1}), Ids{});
  EXPECT_EQ(guesses({1, 2, 3, 4, 5, 9, 1, 2}), (Ids{3, 4, 5})) << "two ids match";
  EXPECT_EQ(guesses({7, 2, 8, 8, 8, 1, 2}), (Ids{8, 8, 8})) << "one does";
  EXPECT_EQ(guesses({1, 2, 3, 3, 3, 1, 2, 4, 4, 4, 1, 2}), (Ids{4, 4, 4})) << "the later of two";
  EXPECT_EQ(guesses({5, 6, 5, 6}), (Ids{5, 6})) << "what there is";
  EXPECT_EQ((PromptLookup{2, 1}(Ids{4, 4, 4, 4})), (Ids{4, 4}));
}

}  // namespace
}  // namespace headformer::testing
