#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "headformer/generate/generation.hpp"
#include "headformer/generate/timestamp_rules.hpp"

namespace headformer {

/// log(softmax(logits)[i]), in f64. Shapes: logits [V].
inline double log_softmax(std::span<const float> logits, std::size_t i) {
  const auto greatest = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - greatest);
  return static_cast<double>(logits[i]) - greatest - std::log(sum);
}

/// What a decoder that writes times must not write next, in the reference's order: what its generation config forbids
/// by what has come, then suppressed tokens, then the rules of times.
class TimedRules {
 public:
  /// `times`: none where no times are written.
  TimedRules(const GenerationConfig& config, std::optional<TimestampRules> times, std::size_t prompt)
      : config_(config), times_(times), prompt_(prompt) {}

  /// The rest of the config, which is left to others.
  static void release(GenerationConfig& config) {
    config.repetition_penalty.reset();
    config.no_repeat_ngram_size.reset();
    config.suppress_tokens.reset();
    config.begin_suppress_tokens.reset();
  }

  /// Shapes: logits [V]. `history` begins with the prompt.
  void operator()(std::span<const TokenId> history, std::span<float> logits) const {
    if (const double penalty = config_.repetition_penalty.value_or(1); penalty != 1)
      penalise_repetition(logits, history, penalty);
    std::vector<TokenId> banned;
    ban_repeated_ngrams(history, history, static_cast<std::size_t>(config_.no_repeat_ngram_size.value_or(0)), banned);
    if (history.size() == prompt_) append(config_.begin_suppress_tokens, banned);
    append(config_.suppress_tokens, banned);
    for (const TokenId id : banned) {
      if (id >= 0 && static_cast<std::size_t>(id) < logits.size())
        logits[static_cast<std::size_t>(id)] = -std::numeric_limits<float>::infinity();
    }
    if (times_) (*times_)(history.subspan(prompt_), logits);
  }

 private:
  static void append(const std::optional<std::vector<TokenId>>& ids, std::vector<TokenId>& to) {
    if (ids) to.insert(to.end(), ids->begin(), ids->end());
  }

  GenerationConfig config_;
  std::optional<TimestampRules> times_;
  std::size_t prompt_;
};

/// The log probabilities of chosen tokens among those that a sampler has left, at temperature 1, as the reference's
/// _retrieve_avg_logprobs has them.
class TokenScores {
 public:
  explicit TokenScores(const GenerationConfig& config) : config_(config) {}

  /// What the next token is chosen from. Shapes: logits [V].
  void offer(std::span<const float> logits) { offered_.assign(logits.begin(), logits.end()); }

  void choose(TokenId id) {
    if (config_.do_sample.value_or(false)) keep_drawable();
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
    const auto temperature = static_cast<float>(config_.temperature.value_or(1));
    Candidates candidates;
    for (std::size_t i = 0; i < offered_.size(); ++i) {
      if (!(offered_[i] > banned)) continue;
      candidates.ids.push_back(static_cast<TokenId>(i));
      candidates.logits.push_back(offered_[i] / temperature);
    }
    keep_top_k(candidates, config_.top_k.value_or(50));
    keep_top_p(candidates, config_.top_p.value_or(1));
    keep_min_p(candidates, config_.min_p.value_or(0));
    std::fill(offered_.begin(), offered_.end(), banned);
    for (std::size_t i = 0; i < candidates.ids.size(); ++i)
      offered_[static_cast<std::size_t>(candidates.ids[i])] = candidates.logits[i] * temperature;
  }

  static constexpr float banned = -std::numeric_limits<float>::infinity();
  GenerationConfig config_;
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
