#pragma once

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "headformer/generate/generation.hpp"
#include "headformer/generate/log_sum_exp.hpp"
#include "headformer/generate/logits_chain.hpp"
#include "headformer/generate/timestamp_rules.hpp"

namespace headformer {

/// log(softmax(logits)[i]), in f64. Shapes: logits [V].
inline double log_softmax(std::span<const float> logits, std::size_t i) {
  return static_cast<double>(logits[i]) - log_sum_exp(logits);
}

/// What a decoder that writes times must not write next, in the reference's order: what its generation config forbids
/// by what has come, then suppressed tokens, then the rules of times.
class TimedRules {
 public:
  /// `times`: none where no times are written.
  TimedRules(const GenerationConfig& config, std::optional<TimestampRules> times, std::size_t prompt)
      : times_(times), prompt_(prompt) {
    using Ids = GenerationConfig::Ids;
    if (const double penalty = config.repetition_penalty.value_or(1); penalty != 1)
      chain_.then(RepetitionPenalty{penalty});
    if (const Index n = config.no_repeat_ngram_size.value_or(0); n > 0)
      chain_.then(NoRepeatedNgrams{static_cast<std::size_t>(n)});
    chain_.then(SuppressTokensAt{config.begin_suppress_tokens.value_or(Ids{}), 0});
    chain_.then(SuppressTokens{config.suppress_tokens.value_or(Ids{})});
  }

  /// The rest of the config, which is left to others.
  static void release(GenerationConfig& config) {
    config.repetition_penalty.reset();
    config.no_repeat_ngram_size.reset();
    config.suppress_tokens.reset();
    config.begin_suppress_tokens.reset();
  }

  /// Shapes: logits [V]. `history` begins with the prompt.
  void operator()(std::span<const TokenId> history, std::span<float> logits) {
    candidates_.assign(logits);
    DecodingStep step;
    step.history = history;
    step.prompt_length = static_cast<Index>(prompt_);
    chain_(candidates_, step);
    std::copy(candidates_.logits.begin(), candidates_.logits.end(), logits.begin());
    if (times_) (*times_)(history.subspan(prompt_), logits);
  }

 private:
  LogitsChain chain_;  // keeps every token in the running
  std::optional<TimestampRules> times_;
  std::size_t prompt_;
  Candidates candidates_;
};

/// The log probabilities of chosen tokens among those that a sampler has left, at temperature 1, as the reference's
/// _retrieve_avg_logprobs has them.
class TokenScores {
 public:
  explicit TokenScores(const GenerationConfig& config)
      : draws_(config.do_sample.value_or(false)), temperature_(static_cast<float>(config.temperature.value_or(1))) {
    kept_.then(DropImpossible{});
    detail::add_filters(kept_, config, 1);
  }

  /// What the next token is chosen from. Shapes: logits [V].
  void offer(std::span<const float> logits) { offered_.assign(logits.begin(), logits.end()); }

  void choose(TokenId id) {
    if (draws_) keep_drawable();
    scores_.push_back(log_softmax(offered_, static_cast<std::size_t>(id)));
  }

  /// Of the first `count` tokens.
  double mean(std::size_t count) const {
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += scores_[i];
    return sum / static_cast<double>(count);
  }

 private:
  void keep_drawable() {
    Candidates candidates(offered_);
    kept_(candidates, {});
    std::fill(offered_.begin(), offered_.end(), -std::numeric_limits<float>::infinity());
    for (std::size_t i = 0; i < candidates.size(); ++i)
      offered_[static_cast<std::size_t>(candidates.ids[i])] = candidates.logits[i] * temperature_;
  }

  bool draws_;
  float temperature_;
  LogitsChain kept_;  ///< what a draw may choose, at its temperature
  std::vector<float> offered_;
  std::vector<double> scores_;
};

/// A sequence whose logits have passed the rules, and are shown to the scores.
template <TokenSequence Sequence>
class TimedSequence {
 public:
  TimedSequence(Sequence sequence, TimedRules rules, TokenScores& scores)
      : sequence_(std::move(sequence)), rules_(std::move(rules)), scores_(&scores) {}

  std::span<float> append(std::span<const TokenId> ids) {
    history_.insert(history_.end(), ids.begin(), ids.end());
    const std::span<float> logits = sequence_.append(ids);
    rules_(history_, logits);
    scores_->offer(logits);
    return logits;
  }

 private:
  Sequence sequence_;
  TimedRules rules_;
  TokenScores* scores_;
  std::vector<TokenId> history_;
};

}  // namespace headformer
