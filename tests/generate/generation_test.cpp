#include "headformer/generate/generation.hpp"

#include <gtest/gtest.h>

#include "support/errors.hpp"

namespace headformer::testing {
namespace {

constexpr TokenId vocabulary = 10;

/// The best next id is the last one plus one, the second best plus two, ...; notes what it was given.
class Counting {
 public:
  explicit Counting(std::vector<std::vector<TokenId>>* calls, Cancellation cancellation = {}, std::size_t cancel_at = 0)
      : calls_(calls), cancellation_(std::move(cancellation)), cancel_at_(cancel_at) {}
  std::span<float> append(std::span<const TokenId> ids) {
    calls_->emplace_back(ids.begin(), ids.end());
    if (calls_->size() == cancel_at_) {
      cancellation_.cancel();
      cancellation_.throw_if_cancelled();
    }
    logits_.assign(vocabulary, 0);
    for (TokenId i = 0; i < vocabulary; ++i) {
      logits_[static_cast<std::size_t>((ids.back() + 1 + i) % vocabulary)] = static_cast<float>(vocabulary - i);
    }
    return logits_;
  }

 private:
  std::vector<std::vector<TokenId>>* calls_;
  Cancellation cancellation_;
  std::size_t cancel_at_;
  std::vector<float> logits_;
};
static_assert(TokenSequence<Counting>);

class Generations : public ::testing::Test {
 protected:
  using Calls = std::vector<std::vector<TokenId>>;
  Generation<Counting> start(std::vector<TokenId> prompt, Cancellation cancellation = {}) {
    return Generation<Counting>(Counting(&calls_), std::move(prompt), config_, std::move(cancellation));
  }
  static std::vector<TokenId> all(Generation<Counting>& generation) {
    std::vector<TokenId> ids;
    while (const auto id = generation.next()) ids.push_back(*id);
    return ids;
  }

  GenerationConfig config_;
  Calls calls_;
};

TEST_F(Generations, AppendsThePromptOnceAndThenTokenAfterToken) {
  config_.max_new_tokens = 4;
  Generation<Counting> generation = start({7, 1, 2});
  EXPECT_TRUE(calls_.empty()) << "nothing runs before the first next()";
  EXPECT_EQ(all(generation), (std::vector<TokenId>{3, 4, 5, 6}));
  EXPECT_EQ(calls_, (Calls{{7, 1, 2}, {3}, {4}, {5}})) << "the last token is not appended: nobody asked what follows";
  EXPECT_EQ(generation.finish_reason(), FinishReason::length);
  EXPECT_EQ(generation.next(), std::nullopt) << "over is over";
  const auto generated = generation.generated();
  EXPECT_EQ(std::vector<TokenId>(generated.begin(), generated.end()), (std::vector<TokenId>{3, 4, 5, 6}));
  const auto history = generation.history();
  EXPECT_EQ(std::vector<TokenId>(history.begin(), history.end()), (std::vector<TokenId>{7, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(generation.timings().prompt_tokens, 3);
  EXPECT_EQ(generation.timings().generated_tokens, 4);
  EXPECT_GE(generation.timings().prefill_seconds, 0);
}

TEST_F(Generations, EndsAtAnEndingTokenWhichIsGivenOut) {
  config_.max_new_tokens = 50;
  config_.eos_token_id = {5, 8};
  Generation<Counting> generation = start({1});
  EXPECT_EQ(all(generation), (std::vector<TokenId>{2, 3, 4, 5}));
  EXPECT_EQ(generation.finish_reason(), FinishReason::end_of_sequence);
  EXPECT_TRUE(generation.is_end(5));
  EXPECT_FALSE(generation.is_end(4));
}

TEST_F(Generations, AnEndInThePromptIsNoEnd) {
  config_.max_new_tokens = 2;
  config_.eos_token_id = {1};
  Generation<Counting> generation = start({1, 1});
  EXPECT_EQ(all(generation), (std::vector<TokenId>{2, 3}));
}

TEST_F(Generations, DoesNotEndBeforeTheLeastLength) {
  config_.max_new_tokens = 50;
  config_.eos_token_id = {3, 5};
  config_.min_new_tokens = 3;
  Generation<Counting> generation = start({1});
  EXPECT_EQ(all(generation), (std::vector<TokenId>{2, 4, 6, 7, 8, 9, 0, 1, 2, 3})) << "the second best in their place";
  config_.min_new_tokens.reset();
  config_.min_length = 3;
  Generation<Counting> with_prompt = start({0, 1});
  EXPECT_EQ(all(with_prompt), (std::vector<TokenId>{2, 3}));
}

TEST_F(Generations, BannedTokensGiveWayToTheNextBest) {
  config_.max_new_tokens = 5;
  config_.no_repeat_ngram_size = 2;
  config_.encoder_no_repeat_ngram_size = 2;
  config_.bad_words_ids = {{6}, {7, 8, 9}};
  config_.eos_token_id = {6};  // the end may come although it is a bad word
  Generation<Counting> generation(Counting(&calls_), {1, 2, 1}, config_, {}, 0, {3, 4});
  EXPECT_EQ(all(generation), (std::vector<TokenId>{3, 5, 6})) << "not 1 2 again, nor the source's 3 4";
  config_.eos_token_id = {};
  Generation<Counting> sequences(Counting(&calls_), {7, 8}, config_, {}, 0, {3, 4});
  EXPECT_EQ(all(sequences), (std::vector<TokenId>{0, 1, 2, 3, 5})) << "7 8 is not followed by 9";
  config_.forced_eos_token_id = {6};
  config_.max_new_tokens = 1;
  Generation<Counting> forced(Counting(&calls_), {7, 8}, config_);
  EXPECT_EQ(all(forced), (std::vector<TokenId>{6})) << "what is forced comes whatever is banned";
}

TEST_F(Generations, SuppressedTokensNeverComeOrNotFirst) {
  config_.max_new_tokens = 6;
  config_.suppress_tokens = {5};
  config_.begin_suppress_tokens = {2, 3};
  Generation<Counting> generation = start({0, 1});
  EXPECT_EQ(all(generation), (std::vector<TokenId>{4, 6, 7, 8, 9, 0}));
  config_.forced_bos_token_id = {1};
  Generation<Counting> forced = start({9});
  EXPECT_EQ(all(forced), (std::vector<TokenId>{1, 4, 6, 7, 8, 9})) << "the first is the one after a forced one";
}

TEST_F(Generations, NoRoomIsNoToken) {
  config_.max_new_tokens = 0;
  Generation<Counting> generation = start({1});
  EXPECT_EQ(generation.next(), std::nullopt);
  EXPECT_EQ(generation.finish_reason(), FinishReason::length);
  EXPECT_TRUE(calls_.empty());
  config_.max_new_tokens.reset();
  config_.max_length = 3;
  Generation<Counting> by_length = start({1, 2});
  EXPECT_EQ(all(by_length), std::vector<TokenId>{3});
}

TEST_F(Generations, StopsWhenItIsToldTo) {
  config_.max_new_tokens = 50;
  Generation<Counting> generation = start({1});
  generation.next();
  generation.stop(FinishReason::stop_string);
  EXPECT_EQ(generation.next(), std::nullopt);
  EXPECT_EQ(generation.finish_reason(), FinishReason::stop_string);
  EXPECT_EQ(calls_.size(), 1U);
}

TEST_F(Generations, EndsQuietlyWhenItIsCancelled) {
  config_.max_new_tokens = 50;
  Cancellation cancellation;
  Generation<Counting> generation = start({1}, cancellation);
  EXPECT_EQ(generation.next(), 2);
  cancellation.cancel();
  EXPECT_EQ(generation.next(), std::nullopt);
  EXPECT_EQ(generation.finish_reason(), FinishReason::cancelled);
  EXPECT_EQ(calls_.size(), 1U);
  // Also from within: a long prompt is cancelled between its pieces.
  calls_.clear();
  cancellation.reset();
  Generation<Counting> within(Counting(&calls_, cancellation, 2), {1}, config_, cancellation);
  EXPECT_EQ(within.next(), 2);
  EXPECT_EQ(within.next(), std::nullopt);
  EXPECT_EQ(within.finish_reason(), FinishReason::cancelled);
}

TEST_F(Generations, ThePenaltySeesPromptAndGenerated) {
  config_.max_new_tokens = 3;
  config_.repetition_penalty = 100;
  Generation<Counting> generation = start({2, 4, 1});
  EXPECT_EQ(all(generation), (std::vector<TokenId>{3, 5, 6})) << "2 and 4 were in the prompt";
}

TEST_F(Generations, WhatTheSequenceHoldsIsNotAppendedAgain) {
  config_.max_new_tokens = 2;
  Generation<Counting> generation(Counting(&calls_), {7, 1, 2}, config_, {}, 2);
  EXPECT_EQ(all(generation), (std::vector<TokenId>{3, 4}));
  EXPECT_EQ(calls_, (Calls{{2}, {3}}));
  EXPECT_EQ(generation.timings().prompt_tokens, 3);
  EXPECT_EQ(generation.timings().reused_tokens, 2);
  for (const Index held : {3, -1}) {
    expect_mentions(
        message_of<ArgumentError>([&] { Generation<Counting>(Counting(&calls_), {7, 1, 2}, config_, {}, held); }),
        {"prompt", "3", std::to_string(held)});
  }
}

TEST_F(Generations, AnEmptyPromptIsRefused) {
  expect_mentions(message_of<ArgumentError>([&] { start({}); }), {"prompt", "at least one"});
}

}  // namespace
}  // namespace headformer::testing
