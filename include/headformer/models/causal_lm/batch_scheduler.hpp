#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "headformer/core/compiled.hpp"
#include "headformer/core/log.hpp"
#include "headformer/core/token_id.hpp"
#include "headformer/generate/finish_reason.hpp"
#include "headformer/generate/generation_config.hpp"
#include "headformer/models/causal_lm/session_options.hpp"

namespace headformer {

class CausalLanguageModel;
struct Workspace;

/// How a BatchScheduler shares a model out.
struct BatchSchedulerOptions {
  Index most_running = 32;           ///< sequences in a pass
  Index rows = 512;                  ///< of a pass: a token of each running sequence, the rest pieces of prompts
  std::size_t most_cache_bytes = 0;  ///< of keys and values, running and kept; 0: no limit
  std::size_t most_waiting = 0;      ///< requests that wait; what is submitted beyond is an error; 0: no limit
  Index aging = 64;                  ///< passes after which a waiting request counts for one priority more; 0: never
  DType cache = DType::f32;          ///< of keys and values: f32, f16, bf16 or q8_0
};

/// One generation that is asked for.
struct BatchRequest {
  /// How it ended. `ids`: what was generated, an ending one included. `error` says what went wrong, and is empty where
  /// nothing did.
  struct End {
    std::vector<TokenId> ids;
    FinishReason reason = FinishReason::none;
    std::string error;
    Index reused_tokens = 0;  ///< of the prompt: those whose keys and values were there already
  };

  std::vector<TokenId> prompt;
  GenerationConfig config;         ///< complete: over the checkpoint's
  int priority = 0;                ///< the higher come first
  std::optional<double> deadline;  ///< seconds from when it is submitted; then it ends with FinishReason::time
  Cancellation cancellation;
  std::function<bool(TokenId)> on_token;   ///< each as it is made; false ends it; may be empty
  std::function<void(const End&)> on_end;  ///< once; may be empty
};

/// What a scheduler has to do and has done.
struct BatchStatistics {
  std::size_t waiting = 0;
  std::size_t running = 0;
  std::size_t kept = 0;         ///< ended sequences whose beginnings others may share
  std::size_t cache_bytes = 0;  ///< of running and kept sequences; shared pages count for each
  std::uint64_t passes = 0;
  std::uint64_t prompt_tokens = 0;  ///< computed
  std::uint64_t reused_tokens = 0;  ///< of prompts, that were not
  std::uint64_t generated_tokens = 0;
  std::uint64_t preempted = 0;  ///< times that a sequence gave its memory up, to be computed again
};

/// Many generations of one model at once (continuous batching; Yu et al. 2022, Orca,
/// https://www.usenix.org/conference/osdi22/presentation/yu): each pass takes a token of every running sequence and
/// pieces of the prompts of those that join, so that the weights are read once for all of them; sequences come and go
/// at any pass. What a request generates is bit for bit what it would alone.
///
/// Requests wait by priority, equal ones in their order; whoever waits long rises. A prompt that begins as a sequence
/// that is running or has ended shares its keys and values, page by page. Where the cache's limit is passed, ended
/// sequences are forgotten, the longest unused first, then the last and least important of the running gives its memory
/// up and is computed again later.
///
/// submit() and statistics() may be called from any thread, step(), run() and clear_cache() from one at a time;
/// callbacks come from there.
class BatchScheduler {
 public:
  BatchScheduler(std::shared_ptr<const CausalLanguageModel> model, std::shared_ptr<Workspace> workspace,
                 BatchSchedulerOptions options = {});
  ~BatchScheduler();
  BatchScheduler(const BatchScheduler&) = delete;
  BatchScheduler& operator=(const BatchScheduler&) = delete;

  /// Returns the request's number. Throws ArgumentError for what a generation would (no ids, one outside the
  /// vocabulary, beams, a prompt past the learned positions), and where too many wait.
  std::uint64_t submit(BatchRequest request);

  /// One pass; false where nothing runs or waits. What a request's own options or callbacks throw ends that request
  /// with an error, what the pass throws ends all running ones.
  bool step();
  /// Passes until all are done, or until `cancellation`, which leaves the rest as it is.
  void run(const Cancellation& cancellation = {});

  /// Forgets what was kept of ended sequences.
  void clear_cache();
  BatchStatistics statistics() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/models/causal_lm/batch_scheduler-inl.hpp"
#endif
