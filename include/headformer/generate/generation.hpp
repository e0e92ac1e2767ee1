#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/log.hpp"
#include "headformer/generate/banned_tokens.hpp"
#include "headformer/generate/finish_reason.hpp"
#include "headformer/generate/sampler.hpp"

namespace headformer {

/// What generation needs of a sequence: append ids, read the logits of the last one.
template <class T>
concept TokenSequence = requires(T& sequence, std::span<const TokenId> ids) {
  { sequence.append(ids) } -> std::convertible_to<std::span<float>>;  // [V], may be overwritten by the caller
};

/// Token after token after a prompt; knows no model. The prompt is appended at the first next(), but for its first
/// `held` tokens, which the sequence holds already (fewer than all: the last one gives the first logits). `source` is
/// what an encoder has read, where there is one.
template <TokenSequence Sequence>
class Generation {
 public:
  /// `config` is complete: the caller's over the checkpoint's.
  Generation(Sequence sequence, std::vector<TokenId> prompt, const GenerationConfig& config,
             Cancellation cancellation = {}, Index held = 0, std::vector<TokenId> source = {})
      : sequence_(std::move(sequence)),
        history_(std::move(prompt)),
        prompt_length_(static_cast<Index>(history_.size())),
        most_(config.new_tokens(prompt_length_)),
        least_(config.least_new_tokens(prompt_length_)),
        end_ids_(config.eos_token_id.value_or(std::vector<TokenId>{})),
        first_ids_(config.forced_bos_token_id.value_or(std::vector<TokenId>{})),
        last_ids_(config.forced_eos_token_id.value_or(std::vector<TokenId>{})),
        source_(std::move(source)),
        once_(static_cast<std::size_t>(config.no_repeat_ngram_size.value_or(0))),
        unlike_source_(static_cast<std::size_t>(config.encoder_no_repeat_ngram_size.value_or(0))),
        bad_words_(config.bad_words_ids.value_or(std::vector<std::vector<TokenId>>{})),
        suppressed_(config.suppress_tokens.value_or(std::vector<TokenId>{})),
        suppressed_first_(config.begin_suppress_tokens.value_or(std::vector<TokenId>{})),
        sampler_(config),
        cancellation_(std::move(cancellation)) {
    if (history_.empty()) throw ArgumentError("prompt: expected at least one token, found none");
    if (held < 0 || held >= prompt_length_) {
      throw ArgumentError("prompt: expected fewer than its " + std::to_string(prompt_length_) +
                          " tokens to be held already, found " + std::to_string(held));
    }
    std::erase_if(bad_words_, [&](const auto& words) { return words.size() == 1 && is_end(words.front()); });
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
    const std::span<const TokenId> forced = forced_ids(generated);
    if (!forced.empty()) force(logits, forced);
    find_banned(generated, !forced.empty());
    const TokenId id = sampler_(logits, history_, banned_);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    (generated == 0 ? timings_.prefill_seconds : timings_.decode_seconds) += seconds;
    ++timings_.generated_tokens;
    history_.push_back(id);
    if (std::find(end_ids_.begin(), end_ids_.end(), id) != end_ids_.end()) reason_ = FinishReason::end_of_sequence;
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
  const GenerationTimings& timings() const { return timings_; }

 private:
  /// What the next token must not be: nothing where it is forced.
  void find_banned(Index generated, bool forced) {
    banned_.clear();
    if (forced) return;
    if (generated < least_) banned_ = end_ids_;
    ban_repeated_ngrams(history_, history_, once_, banned_);
    ban_repeated_ngrams(source_, history_, unlike_source_, banned_);
    ban_sequences(bad_words_, history_, banned_);
    banned_.insert(banned_.end(), suppressed_.begin(), suppressed_.end());
    // The first token that is free to choose: after one that is forced to follow a single first.
    const Index first = prompt_length_ == 1 && !first_ids_.empty() ? 1 : 0;
    if (generated == first) banned_.insert(banned_.end(), suppressed_first_.begin(), suppressed_first_.end());
  }

  /// What the next token must be one of; none: anything.
  std::span<const TokenId> forced_ids(Index generated) const {
    if (generated == most_ - 1 && !last_ids_.empty()) return last_ids_;
    if (history_.size() == 1) return first_ids_;
    return {};
  }

  static void force(std::span<float> logits, std::span<const TokenId> ids) {
    std::fill(logits.begin(), logits.end(), -std::numeric_limits<float>::infinity());
    for (const TokenId id : ids) {
      if (id < 0 || static_cast<std::size_t>(id) >= logits.size())
        throw ArgumentError("forced token: expected ids of 0 to " + std::to_string(logits.size() - 1) + ", found " +
                            std::to_string(id));
      logits[static_cast<std::size_t>(id)] = 0;
    }
  }

  std::optional<TokenId> finish(FinishReason reason) {
    reason_ = reason;
    return std::nullopt;
  }

  Sequence sequence_;
  std::vector<TokenId> history_;
  Index prompt_length_;
  Index most_;
  Index least_;
  std::vector<TokenId> end_ids_;
  std::vector<TokenId> first_ids_;
  std::vector<TokenId> last_ids_;
  std::vector<TokenId> source_;
  std::size_t once_;
  std::size_t unlike_source_;
  std::vector<std::vector<TokenId>> bad_words_;
  std::vector<TokenId> suppressed_;
  std::vector<TokenId> suppressed_first_;
  std::vector<TokenId> banned_;
  Sampler sampler_;
  Cancellation cancellation_;
  FinishReason reason_ = FinishReason::none;
  GenerationTimings timings_;
};

}  // namespace headformer
