#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/log.hpp"
#include "headformer/generate/finish_reason.hpp"
#include "headformer/generate/log_probabilities.hpp"
#include "headformer/generate/sampler.hpp"

namespace headformer {

/// What generation needs of a sequence: append ids, read the logits of the last one.
template <class T>
concept TokenSequence = requires(T& sequence, std::span<const TokenId> ids) {
  { sequence.append(ids) } -> std::convertible_to<std::span<float>>;  // [V], valid until the next
};

/// Any of them.
class AnyTokenSequence {
 public:
  template <TokenSequence Sequence>
  explicit AnyTokenSequence(Sequence sequence)
      : append_([kept = std::make_shared<Sequence>(std::move(sequence))](std::span<const TokenId> ids) {
          return std::span<float>(kept->append(ids));
        }) {}
  std::span<float> append(std::span<const TokenId> ids) { return append_(ids); }

 private:
  std::function<std::span<float>(std::span<const TokenId>)> append_;
};

/// Token after token after a prompt; knows no model. The prompt is appended at the first next(), but for its first
/// `held` tokens, which the sequence holds already (fewer than all: the last one gives the first logits). `source` is
/// what an encoder has read, where there is one.
template <TokenSequence Sequence>
class Generation {
 public:
  /// `config` is complete: the caller's over the checkpoint's. `sampler`: a caller's own, in place of the config's.
  Generation(Sequence sequence, std::vector<TokenId> prompt, const GenerationConfig& config,
             Cancellation cancellation = {}, Index held = 0, std::vector<TokenId> source = {},
             std::optional<Sampler> sampler = {})
      : sequence_(std::move(sequence)),
        history_(std::move(prompt)),
        prompt_length_(static_cast<Index>(history_.size())),
        most_(config.new_tokens(prompt_length_)),
        time_(config.max_time.value_or(std::numeric_limits<double>::infinity())),
        end_ids_(config.eos_token_id.value_or(std::vector<TokenId>{})),
        source_(std::move(source)),
        alternatives_(config.n_probs),
        sampler_(sampler ? std::move(*sampler) : Sampler(config, prompt_length_)),
        cancellation_(std::move(cancellation)) {
    if (history_.empty()) throw ArgumentError("prompt: expected at least one token, found none");
    if (held < 0 || held >= prompt_length_) {
      throw ArgumentError("prompt: expected fewer than its " + std::to_string(prompt_length_) +
                          " tokens to be held already, found " + std::to_string(held));
    }
    timings_.prompt_tokens = prompt_length_;
    timings_.reused_tokens = held;
  }

  /// The next token, an ending one included; nothing when the generation is over.
  std::optional<TokenId> next() {
    if (reason_ != FinishReason::none) return std::nullopt;
    const Index generated = static_cast<Index>(history_.size()) - prompt_length_;
    if (generated >= most_) return finish(FinishReason::length);
    if (cancellation_.cancelled()) return finish(FinishReason::cancelled);
    const auto begin = std::chrono::steady_clock::now();
    std::span<float> logits;
    try {
      const Index fresh = generated == 0 ? prompt_length_ - timings_.reused_tokens : 1;
      logits = sequence_.append(std::span<const TokenId>(history_).last(static_cast<std::size_t>(fresh)));
    } catch (const CancelledError&) {
      return finish(FinishReason::cancelled);
    }
    const TokenId id = sampler_(logits, {history_, prompt_length_, source_});
    if (alternatives_) log_probabilities_.push_back(log_probability(logits, id, *alternatives_));
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    (generated == 0 ? timings_.prefill_seconds : timings_.decode_seconds) += seconds;
    ++timings_.generated_tokens;
    history_.push_back(id);
    if (is_end(id))
      reason_ = FinishReason::end_of_sequence;
    else if (timings_.prefill_seconds + timings_.decode_seconds > time_)
      reason_ = FinishReason::time;
    return id;
  }

  /// Ends it from outside, e.g. at a stop string.
  void stop(FinishReason reason) { reason_ = reason; }

  FinishReason finish_reason() const { return reason_; }
  /// Prompt and generated ids.
  std::span<const TokenId> history() const { return history_; }
  std::span<const TokenId> generated() const {
    return std::span<const TokenId>(history_).subspan(static_cast<std::size_t>(prompt_length_));
  }
  bool is_end(TokenId id) const { return std::find(end_ids_.begin(), end_ids_.end(), id) != end_ids_.end(); }
  /// Of each generated token, where the config asks for them (n_probs).
  std::span<const TokenLogProbability> log_probabilities() const { return log_probabilities_; }
  const GenerationTimings& timings() const { return timings_; }

 private:
  std::optional<TokenId> finish(FinishReason reason) {
    reason_ = reason;
    return std::nullopt;
  }

  Sequence sequence_;
  std::vector<TokenId> history_;
  Index prompt_length_;
  Index most_;
  double time_;  ///< seconds that may be spent
  std::vector<TokenId> end_ids_;
  std::vector<TokenId> source_;
  std::optional<Index> alternatives_;
  std::vector<TokenLogProbability> log_probabilities_;
  Sampler sampler_;
  Cancellation cancellation_;
  FinishReason reason_ = FinishReason::none;
  GenerationTimings timings_;
};

}  // namespace headformer
