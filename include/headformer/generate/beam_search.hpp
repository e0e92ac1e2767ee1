#pragma once

#include <algorithm>
#include <concepts>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/log.hpp"
#include "headformer/generate/beam_rules.hpp"
#include "headformer/generate/hypothesis.hpp"
#include "headformer/generate/sampler.hpp"

namespace headformer {

/// What a search needs of sequences that share their beginning: start with a prompt, then go on with several ends.
template <class T>
concept SequenceGroup = requires(T& group, std::span<const TokenId> ids, std::span<const std::size_t> parents) {
  { group.start(ids) } -> std::convertible_to<std::span<const float>>;  // [V], of the prompt's last
  // Sequence i is from now on what sequence parents[i] was, and ids[i].
  { group.step(parents, ids) } -> std::convertible_to<std::span<const float>>;  // [N, V]
};

/// Beside the config.
struct SearchOptions {
  std::vector<TokenId> source = {};  ///< what an encoder has read, where there is one
  Cancellation cancellation = {};
  /// Whether a sequence (prompt and generated) has come to a stop string in its last token.
  std::function<bool(std::span<const TokenId>)> stops = {};
};

/// Beam search and beam sampling as the reference's (transformers 5.23, GenerationMixin._beam_search), token for token:
/// of each step's num_beams * max(2, 1 + ends) best continuations those that end are candidates for the answer where
/// they are among the num_beams best, and the num_beams best of the others go on. Scores are sums of log-probabilities
/// after the processors, over length ^ length_penalty once they are finished.
template <SequenceGroup Group>
class BeamSearch {
 public:
  /// `config` is complete. Throws ArgumentError for an empty prompt.
  BeamSearch(Group& group, std::vector<TokenId> prompt, const GenerationConfig& config, SearchOptions options = {})
      : group_(group),
        prompt_(std::move(prompt)),
        options_(std::move(options)),
        rules_(config, prompt_.size()),
        kept_(rules_.kept(rules_.beams)),
        chain_(reference_chain(config, static_cast<Index>(prompt_.size()), rules_.kept(1))),
        draws_(config.do_sample.value_or(false)),
        random_(draws_ ? seed_of(config) : 0) {
    if (prompt_.empty()) throw ArgumentError("prompt: expected at least one token, found none");
  }

  /// The num_beams answers, best first; fewer when it has been cancelled. Throws ArgumentError as the group does.
  std::vector<Hypothesis> run() {
    rules_.begin();
    if (rules_.most < 1) return {};
    std::span<const float> logits;
    try {
      logits = group_.start(prompt_);
      const std::vector<float> first(logits.begin(), logits.end());
      vocabulary_ = first.size();
      start_beams(first);
      for (Index length = 1;; ++length) {
        const bool last = length >= rules_.most || rules_.time_is_over();
        std::vector<Continuation> best = continuations();
        note_ends(best, length, last);
        finish(best, length);
        if (!go_on(best) || last || !may_improve(length)) break;
        if (options_.cancellation.cancelled()) break;
        step();
      }
    } catch (const CancelledError&) {
    }
    return std::move(finished_);
  }

 private:
  struct Beam {
    std::vector<TokenId> history;
    float score = 0;
  };
  struct Continuation : detail::Continuation {
    FinishReason ends = FinishReason::none;
  };

  /// All beams are the prompt; all but the first have no chance.
  void start_beams(std::span<const float> logits) {
    for (std::size_t i = 0; i < rules_.beams; ++i) {
      running_.push_back({prompt_, i == 0 ? 0 : rules_.never});
      scores_.insert(scores_.end(), logits.begin(), logits.end());
    }
  }

  /// The kept_ best of all beams, best first, or as they are drawn.
  std::vector<Continuation> continuations() {
    std::vector<Continuation> all;
    for (std::size_t i = 0; i < running_.size(); ++i) {
      candidates_.assign(std::span<const float>(scores_).subspan(i * vocabulary_, vocabulary_));
      Renormalise{}(candidates_, {});
      chain_(candidates_, {running_[i].history, static_cast<Index>(prompt_.size()), options_.source, &random_});
      const auto add = [&](std::size_t at) {
        if (candidates_.logits[at] > -std::numeric_limits<float>::infinity())
          all.push_back({{i, candidates_.ids[at], candidates_.logits[at] + running_[i].score}});
      };
      if (draws_)
        for (std::size_t at = 0; at < candidates_.size(); ++at) add(at);
      else
        for (const std::size_t at : candidates_.sorted(kept_)) add(at);
    }
    if (draws_) return draw(std::move(all));
    std::sort(all.begin(), all.end(), Continuation::better);
    if (all.size() > kept_) all.resize(kept_);
    return all;
  }

  /// Without replacement, by their probabilities.
  std::vector<Continuation> draw(std::vector<Continuation> all) {
    std::vector<Continuation> drawn;
    if (all.empty()) return drawn;
    Candidates scores;
    for (const Continuation& c : all) scores.logits.push_back(c.score);
    std::vector<double> weights = scores.weights();
    double total = 0;
    for (const double weight : weights) total += weight;
    while (drawn.size() < std::min(kept_, all.size())) {
      double target = uniform(random_) * total;
      std::size_t chosen = weights.size();
      for (std::size_t i = 0; i < weights.size(); ++i) {
        if (weights[i] <= 0) continue;
        chosen = i;
        if ((target -= weights[i]) < 0) break;
      }
      if (chosen == weights.size()) break;  // the rest has no probability
      drawn.push_back(all[chosen]);
      total -= std::exchange(weights[chosen], 0);
    }
    return drawn;
  }

  void note_ends(std::vector<Continuation>& best, Index length, bool last) {
    for (Continuation& c : best) {
      if (rules_.is_end(c.id)) {
        c.ends = FinishReason::end_of_sequence;
      } else if (options_.stops) {
        std::vector<TokenId> history = running_[c.beam].history;
        history.push_back(c.id);
        if (options_.stops(history)) c.ends = FinishReason::stop_string;
      }
      if (c.ends == FinishReason::none && last)
        c.ends = length >= rules_.most ? FinishReason::length : FinishReason::time;
    }
  }

  /// Those that end among the num_beams best compete with the answers so far.
  void finish(const std::vector<Continuation>& best, Index length) {
    if (finished_.size() == rules_.beams && rules_.early == EarlyStopping::yes) return;
    const auto divisor = static_cast<float>(rules_.divisor(length));
    for (std::size_t i = 0; i < std::min(rules_.beams, best.size()); ++i) {
      const Continuation& c = best[i];
      if (c.ends == FinishReason::none) continue;
      const std::vector<TokenId>& history = running_[c.beam].history;
      Hypothesis done{
          {history.begin() + static_cast<std::ptrdiff_t>(prompt_.size()), history.end()}, c.score / divisor, c.ends};
      done.ids.push_back(c.id);
      const auto at = std::find_if(finished_.begin(), finished_.end(),
                                   [&](const Hypothesis& other) { return other.score < done.score; });
      finished_.insert(at, std::move(done));
    }
    if (finished_.size() > rules_.beams) finished_.resize(rules_.beams);
  }

  /// The best that have not ended are the next beams; false when all have.
  bool go_on(std::vector<Continuation>& best) {
    if (std::all_of(best.begin(), best.end(), [](const auto& c) { return c.ends != FinishReason::none; })) return false;
    for (Continuation& c : best)
      if (c.ends != FinishReason::none) c.score += rules_.never;
    std::sort(best.begin(), best.end(), Continuation::better);
    if (best.size() > rules_.beams) best.resize(rules_.beams);
    std::vector<Beam> next;
    parents_.clear();
    for (const Continuation& c : best) {
      parents_.push_back(c.beam);
      next.push_back({running_[c.beam].history, c.score});
      next.back().history.push_back(c.id);
    }
    running_ = std::move(next);
    return true;
  }

  /// Whether the best beam may still come before the worst answer.
  bool may_improve(Index length) const {
    if (finished_.size() < rules_.beams) return true;
    if (rules_.early == EarlyStopping::yes) return false;
    const auto divisor = static_cast<float>(rules_.divisor(rules_.compared(length)));
    return running_.front().score / divisor > finished_.back().score;
  }

  void step() {
    std::vector<TokenId> ids;
    for (const Beam& beam : running_) ids.push_back(beam.history.back());
    const std::span<const float> logits = group_.step(parents_, ids);
    scores_.assign(logits.begin(), logits.end());
  }

  Group& group_;
  std::vector<TokenId> prompt_;
  SearchOptions options_;
  detail::BeamRules rules_;
  std::size_t kept_;
  LogitsChain chain_;
  bool draws_;
  Random random_;
  std::size_t vocabulary_ = 0;
  std::vector<Beam> running_;         ///< best first
  std::vector<std::size_t> parents_;  ///< of running_, among those before
  std::vector<float> scores_;         ///< [running_, V]
  std::vector<Hypothesis> finished_;  ///< best first
  Candidates candidates_;
};

}  // namespace headformer
