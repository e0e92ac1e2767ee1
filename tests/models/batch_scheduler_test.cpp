#include "headformer/models/causal_lm/batch_scheduler.hpp"

#include <atomic>
#include <headformer/generate/generation.hpp>
#include <thread>

#include "models/decoder_families.hpp"
#include "support/errors.hpp"

// What a request generates among others is bit for bit what it would alone, whoever joins, leaves, is cancelled or
// gives its memory up.
namespace headformer::testing {
namespace {

class BatchScheduling : public ::testing::TestWithParam<std::string> {
 protected:
  BatchScheduling() : model_(open_decoder(GetParam())) {}

  /// Prompts of different lengths, some of which begin alike; greedy ones and draws.
  std::vector<BatchRequest> requests(unsigned seed, std::size_t count) const {
    std::mt19937 random(seed);
    const std::vector<TokenId> shared = random_ids(*model_, 80, seed);
    std::vector<BatchRequest> result(count);
    for (std::size_t i = 0; i < count; ++i) {
      BatchRequest& request = result[i];
      const auto common = static_cast<std::ptrdiff_t>(random() % 3 == 0 ? random() % shared.size() : 0);
      request.prompt.assign(shared.begin(), shared.begin() + common);
      const std::vector<TokenId> own =
          random_ids(*model_, static_cast<Index>(1 + random() % 40), static_cast<unsigned>(random()));
      request.prompt.insert(request.prompt.end(), own.begin(), own.end());
      request.config.max_new_tokens = static_cast<Index>(1 + random() % 30);
      request.config.do_sample = random() % 2 == 0;
      request.config.seed = random();
      request.config.top_k = 5;
      if (random() % 4 == 0) request.config.repetition_penalty = 1.3;
      if (random() % 3 == 0) request.config.eos_token_id = random_ids(*model_, 20, static_cast<unsigned>(random()));
      request.priority = static_cast<int>(random() % 3);
    }
    return result;
  }
  std::vector<TokenId> alone(const BatchRequest& request, DType cache = DType::f32) const {
    SessionOptions options;
    options.cache = cache;
    auto session = std::make_shared<Session>(model_, workspace_of(), options);
    Generation<SharedSession> generation(SharedSession(session), request.prompt, request.config);
    while (generation.next()) continue;
    return {generation.generated().begin(), generation.generated().end()};
  }

  std::shared_ptr<const CausalLanguageModel> model_;
};

INSTANTIATE_TEST_SUITE_P(Families, BatchScheduling,
                         ::testing::Values("decoders/llama_grouped", "decoders/gemma3", "decoders/phi4_mini",
                                           "decoders/llama_dynamic", "gguf/llama_q4_k_wide/llama_q4_k_wide.gguf"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace_if(name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
                           return name;
                         });

TEST_P(BatchScheduling, EachGeneratesWhatItWouldAlone) {
  unsigned seed = 0;
  for (const int threads : {1, 3}) {
    for (const Index rows : {7, 64, 512}) {
      BatchSchedulerOptions options;
      options.rows = rows;
      options.most_running = rows == 64 ? 3 : 8;
      BatchScheduler scheduler(model_, workspace_of(threads), options);
      std::vector<BatchRequest> all = requests(++seed, 14);
      std::vector<std::vector<TokenId>> found(all.size());
      std::vector<std::vector<TokenId>> streamed(all.size());
      std::mt19937 random(seed);
      std::size_t next = 0;
      do {
        for (unsigned joining = random() % 4; joining > 0 && next < all.size(); --joining, ++next) {
          BatchRequest request = all[next];
          request.on_token = [&streamed, next](TokenId id) {
            streamed[next].push_back(id);
            return true;
          };
          request.on_end = [&found, next](const BatchRequest::End& end) {
            EXPECT_EQ(end.error, "");
            found[next] = end.ids;
          };
          scheduler.submit(std::move(request));
        }
      } while (scheduler.step() || next < all.size());
      for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(found[i], alone(all[i])) << "request " << i << ", rows " << rows << ", threads " << threads;
        EXPECT_EQ(streamed[i], found[i]);
      }
      const BatchStatistics counts = scheduler.statistics();
      EXPECT_EQ(counts.running + counts.waiting, 0U);
      scheduler.clear_cache();
      EXPECT_EQ(scheduler.statistics().cache_bytes, 0U);
    }
  }
}

TEST_P(BatchScheduling, CancelledOnesLeaveTheOthersAsTheyAre) {
  for (unsigned seed = 1; seed < 5; ++seed) {
    BatchScheduler scheduler(model_, workspace_of());
    std::vector<BatchRequest> all = requests(seed, 9);
    std::vector<std::pair<std::vector<TokenId>, FinishReason>> found(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      BatchRequest request = all[i];
      if (i % 3 == 0) {
        request.on_token = [count = 0](TokenId) mutable { return ++count < 4; };
      } else if (i % 3 == 1) {
        request.cancellation = Cancellation();
        request.on_token = [cancel = request.cancellation, count = 0](TokenId) mutable {
          if (++count == 3) cancel.cancel();
          return true;
        };
      }
      request.on_end = [&found, i](const BatchRequest::End& end) { found[i] = {end.ids, end.reason}; };
      scheduler.submit(std::move(request));
    }
    scheduler.run();
    for (std::size_t i = 0; i < all.size(); ++i) {
      std::vector<TokenId> expected = alone(all[i]);
      if (found[i].second == FinishReason::cancelled) {
        EXPECT_NE(i % 3, 2U);
        ASSERT_LE(found[i].first.size(), expected.size());
        expected.resize(found[i].first.size());
      }
      EXPECT_EQ(found[i].first, expected) << i;
    }
  }
}

TEST_P(BatchScheduling, WhoGivesItsMemoryUpGoesOnAsBefore) {
  std::size_t one = 0;
  for (const KeyValueSlotConfig& slot : CausalLanguageModel::slots(model_->config(), DType::f32))
    one += slot.layout.page_bytes();
  BatchSchedulerOptions options;
  options.most_cache_bytes = 6 * one;
  options.rows = 32;
  BatchScheduler scheduler(model_, workspace_of(), options);
  std::vector<BatchRequest> all;
  for (unsigned i = 0; i < 6; ++i) {
    BatchRequest& request = all.emplace_back();
    request.prompt = random_ids(*model_, 50, i);
    request.config.max_new_tokens = 70;  // over the end of a page or two
    request.config.do_sample = i % 2 == 0;
    request.config.seed = i;
  }
  std::vector<std::vector<TokenId>> found(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    BatchRequest request = all[i];
    request.on_end = [&found, i](const BatchRequest::End& end) { found[i] = end.ids; };
    scheduler.submit(std::move(request));
  }
  while (scheduler.step()) {
    const BatchStatistics counts = scheduler.statistics();
    EXPECT_TRUE(counts.running < 2 || counts.cache_bytes <= options.most_cache_bytes) << counts.cache_bytes;
  }
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(found[i], alone(all[i])) << i;
  EXPECT_GT(scheduler.statistics().preempted, 0U);
}

struct BatchOfLlama : ::testing::Test {
  std::shared_ptr<const CausalLanguageModel> model = open_decoder("decoders/llama_grouped");
  BatchRequest request(Index prompt, Index tokens, unsigned seed = 1) const {
    BatchRequest request;
    request.prompt = random_ids(*model, prompt, seed);
    request.config.max_new_tokens = tokens;
    return request;
  }
};

TEST_F(BatchOfLlama, PromptsThatBeginAlikeAreComputedOnce) {
  BatchScheduler scheduler(model, workspace_of());
  std::vector<Index> reused(5, -1);
  for (std::size_t i = 0; i < reused.size(); ++i) {
    BatchRequest asked = request(140, 8);
    asked.prompt.push_back(static_cast<TokenId>(i));
    asked.on_end = [&reused, i](const BatchRequest::End& end) { reused[i] = end.reused_tokens; };
    scheduler.submit(std::move(asked));
  }
  scheduler.run();
  EXPECT_EQ(reused, (std::vector<Index>{0, 140, 140, 140, 140}));
  EXPECT_EQ(scheduler.statistics().prompt_tokens, 141U + 4);
  // And by what has ended: the prompt of a second turn.
  BatchRequest again = request(140, 3);
  again.prompt.push_back(0);
  again.on_end = [&](const BatchRequest::End& end) { EXPECT_EQ(end.reused_tokens, 140); };
  scheduler.submit(std::move(again));
  scheduler.run();
}

TEST_F(BatchOfLlama, TheImportantComeFirstAndNobodyWaitsForEver) {
  BatchSchedulerOptions options;
  options.most_running = 1;
  options.aging = 20;
  BatchScheduler scheduler(model, workspace_of(), options);
  std::vector<int> order;
  const auto submit = [&](int name, int priority) {
    BatchRequest asked = request(5, 6, static_cast<unsigned>(name));
    asked.priority = priority;
    asked.on_end = [&order, name](const BatchRequest::End&) { order.push_back(name); };
    scheduler.submit(std::move(asked));
  };
  submit(0, 0);
  scheduler.step();  // it runs
  submit(1, 0);
  submit(2, 1);
  submit(3, 1);
  scheduler.run();
  EXPECT_EQ(order, (std::vector<int>{0, 2, 3, 1}));
  order.clear();
  submit(9, 0);
  for (int i = 0; i < 12; ++i) {  // there is always somebody more important
    submit(10 + i, 1);
    submit(30 + i, 1);
    for (int pass = 0; pass < 6; ++pass) scheduler.step();
  }
  scheduler.run();
  EXPECT_LT(std::find(order.begin(), order.end(), 9) - order.begin(), 8) << "it rose while it waited";
}

TEST_F(BatchOfLlama, FaultsOfOneAreItsOwn) {
  BatchScheduler scheduler(model, workspace_of());
  std::vector<std::string> errors(4, "not ended");
  std::vector<FinishReason> reasons(4, FinishReason::none);
  for (std::size_t i = 0; i < errors.size(); ++i) {
    BatchRequest asked = request(10, 5, static_cast<unsigned>(i));
    if (i == 0) asked.on_token = [](TokenId) -> bool { throw std::runtime_error("the caller's"); };
    if (i == 1) asked.config.forced_bos_token_id = std::vector<TokenId>{1};
    if (i == 2) asked.deadline = 0.0;
    asked.on_end = [&, i](const BatchRequest::End& end) {
      errors[i] = end.error;
      reasons[i] = end.reason;
      if (i == 3) throw 7;
    };
    scheduler.submit(std::move(asked));
  }
  scheduler.run();
  EXPECT_EQ(errors, (std::vector<std::string>{"the caller's", "", "", ""}));
  EXPECT_EQ(reasons[2], FinishReason::time);
  EXPECT_EQ(reasons[3], FinishReason::length);
}

TEST_F(BatchOfLlama, WhatCannotRunIsRefusedAtOnce) {
  BatchSchedulerOptions options;
  options.most_waiting = 2;
  BatchScheduler scheduler(model, workspace_of(), options);
  EXPECT_THROW(scheduler.submit(BatchRequest()), ArgumentError);
  BatchRequest outside = request(3, 4);
  outside.prompt[1] = static_cast<TokenId>(model->config().vocabulary);
  EXPECT_THROW(scheduler.submit(outside), ArgumentError);
  BatchRequest beams = request(3, 4);
  beams.config.num_beams = 2;
  EXPECT_THROW(scheduler.submit(beams), ArgumentError);
  scheduler.submit(request(3, 4));
  scheduler.submit(request(3, 4));
  EXPECT_THROW(scheduler.submit(request(3, 4)), ArgumentError) << "too many wait";
  scheduler.run();
  scheduler.submit(request(3, 4));
  options.rows = 0;
  EXPECT_THROW(BatchScheduler(model, workspace_of(), options), ArgumentError);
}

TEST_F(BatchOfLlama, RequestsComeFromAnyThread) {
  BatchScheduler scheduler(model, workspace_of());
  std::atomic<int> ended = 0;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      for (unsigned i = 0; i < 10; ++i) {
        BatchRequest asked = request(4, 5, t * 10 + i);
        asked.on_end = [&](const BatchRequest::End&) { ++ended; };
        scheduler.submit(std::move(asked));
        static_cast<void>(scheduler.statistics());
      }
    });
  while (ended < 30) scheduler.step();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(scheduler.statistics().generated_tokens, 150U);
}

}  // namespace
}  // namespace headformer::testing
