#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <headformer/preprocess/ctc_beam_search.hpp>
#include <map>
#include <random>

#include "support/errors.hpp"

namespace headformer::testing {
namespace {

Tensor<float> random_frames(Index frames, Index vocabulary, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 1.5F);
  Tensor<float> logits(Shape{frames, vocabulary});
  for (Index i = 0; i < logits.count(); ++i) logits.data()[i] = normal(random);
  return logits;
}

std::vector<TokenId> collapsed(const std::vector<TokenId>& path, TokenId blank) {
  std::vector<TokenId> ids;
  for (std::size_t i = 0; i < path.size(); ++i)
    if (path[i] != blank && (i == 0 || path[i] != path[i - 1])) ids.push_back(path[i]);
  return ids;
}

/// Every way through the frames: the probability of each text, and each text's likeliest way.
struct Enumeration {
  std::map<std::vector<TokenId>, double> texts;
  std::map<std::vector<TokenId>, std::pair<double, std::vector<TokenId>>> ways;

  Enumeration(TensorView<const float> logits, TokenId blank) {
    std::vector<TokenId> path(static_cast<std::size_t>(logits.rows()));
    walk(logits, blank, path, 0, 1);
  }

 private:
  void walk(TensorView<const float> logits, TokenId blank, std::vector<TokenId>& path, Index t, double probability) {
    if (t == logits.rows()) {
      const std::vector<TokenId> text = collapsed(path, blank);
      texts[text] += probability;
      auto& best = ways[text];
      if (probability > best.first) best = {probability, path};
      return;
    }
    double sum = 0;
    for (Index v = 0; v < logits.columns(); ++v) sum += std::exp(static_cast<double>(logits.row(t)[v]));
    for (Index v = 0; v < logits.columns(); ++v) {
      path[static_cast<std::size_t>(t)] = static_cast<TokenId>(v);
      walk(logits, blank, path, t + 1, probability * std::exp(static_cast<double>(logits.row(t)[v])) / sum);
    }
  }
};

TEST(CtcBeamSearch, WithBeamsEnoughItIsTheSumOfAllWays) {
  for (unsigned seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(seed);
    const auto vocabulary = static_cast<Index>(3 + seed % 2);
    const auto blank = static_cast<TokenId>(seed % 3);
    const Tensor<float> logits = random_frames(6, vocabulary, seed);
    const Enumeration all(logits.view(), blank);
    const std::vector<CtcHypothesis> found = ctc_beam_search(logits.view(), blank, 10000);
    ASSERT_EQ(found.size(), all.texts.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_NEAR(std::exp(found[i].log_probability), all.texts.at(found[i].ids), 1e-9);
      EXPECT_GE(found[i > 0 ? i - 1 : 0].log_probability, found[i].log_probability);
    }
  }
}

TEST(CtcBeamSearch, FewBeamsKeepTheBestOfThePrefixesTheyHave) {
  int better_than_the_best_path = 0;
  int worse = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    const Tensor<float> logits = random_frames(6, 3, 100 + seed);
    const Enumeration all(logits.view(), 0);
    const std::vector<CtcHypothesis> found = ctc_beam_search(logits.view(), 0, 4);
    ASSERT_LE(found.size(), 4U);
    const auto likeliest = std::max_element(all.texts.begin(), all.texts.end(),
                                            [](const auto& a, const auto& b) { return a.second < b.second; });
    EXPECT_LE(std::exp(found.front().log_probability), likeliest->second + 1e-12);
    std::vector<TokenId> path;
    for (Index t = 0; t < 6; ++t)
      path.push_back(static_cast<TokenId>(std::max_element(logits.view().row(t), logits.view().row(t) + 3) -
                                          logits.view().row(t)));
    const double greedy = all.texts.at(collapsed(path, 0));
    if (all.texts.at(found.front().ids) < greedy - 1e-12) ++worse;  // its prefix was let go of
    if (all.texts.at(found.front().ids) > greedy + 1e-9) ++better_than_the_best_path;
  }
  EXPECT_GE(better_than_the_best_path, 5);
  EXPECT_LE(worse, 2);
}

TEST(CtcBeamSearch, AlignmentIsTheLikeliestWay) {
  for (unsigned seed = 0; seed < 8; ++seed) {
    const Tensor<float> logits = random_frames(6, 3, 300 + seed);
    const Enumeration all(logits.view(), 1);
    for (const auto& [text, best] : all.ways) {
      EXPECT_EQ(ctc_align(logits.view(), text, 1), best.second) << seed;
    }
  }
}

TEST(CtcBeamSearch, NothingHeardIsNothingSaid) {
  const Tensor<float> none(Shape{0, 4});
  const std::vector<CtcHypothesis> found = ctc_beam_search(none.view(), 0, 3);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found.front().ids.empty());
  EXPECT_TRUE(ctc_align(none.view(), {}, 0).empty());
}

TEST(CtcBeamSearch, WhatCannotBeIsRefused) {
  const Tensor<float> logits = random_frames(3, 4, 1);
  expect_mentions(message_of<ArgumentError>([&] { ctc_beam_search(logits.view(), 0, 0); }), {"beams", "0"});
  expect_mentions(message_of<ArgumentError>([&] { ctc_beam_search(logits.view(), 4, 1); }), {"blank", "4"});
  expect_mentions(message_of<ArgumentError>([&] { ctc_align(logits.view(), {2, 2, 2}, 0); }), {"3 frames", "3"});
  expect_mentions(message_of<ArgumentError>([&] { ctc_align(Tensor<float>(Shape{0, 4}).view(), {2}, 0); }),
                  {"0 frames"});
}

}  // namespace
}  // namespace headformer::testing
