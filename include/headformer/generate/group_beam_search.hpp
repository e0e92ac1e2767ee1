#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "headformer/generate/beam_search.hpp"

namespace headformer {

/// Takes a penalty from tokens as often as other groups have chosen them in this step.
struct HammingDiversity {
  double penalty;
  std::shared_ptr<const std::vector<TokenId>> chosen;
  void operator()(Candidates& candidates, const DecodingStep&) const {
    std::map<TokenId, int> counts;
    for (const TokenId id : *chosen) ++counts[id];
    for (const auto& [id, count] : counts)
      if (float* logit = candidates.find(id)) *logit -= static_cast<float>(penalty * count);
  }
};

/// Diverse beam search (Vijayakumar et al. 2016, https://arxiv.org/abs/1610.02424) as transformers 4.55's
/// GenerationMixin._group_beam_search, token for token: num_beam_groups searches of num_beams / num_beam_groups beams
/// each, one after the other in every step, what the earlier ones have chosen costing the later ones diversity_penalty.
/// The answers of all groups are ranked together.
template <SequenceGroup Sequences>
class GroupBeamSearch {
 public:
  /// `config` is complete. Throws ArgumentError for an empty prompt, groups that do not divide the beams, no penalty,
  /// draws, stop strings.
  GroupBeamSearch(Sequences& sequences, std::vector<TokenId> prompt, const GenerationConfig& config,
                  SearchOptions options = {})
      : sequences_(sequences),
        prompt_(std::move(prompt)),
        options_(std::move(options)),
        rules_(config, prompt_.size()),
        size_(rules_.beams / static_cast<std::size_t>(config.num_beam_groups.value_or(1))),
        padding_(config.pad_token_id.value_or(rules_.ends.empty() ? 0 : rules_.ends.front())) {
    if (prompt_.empty()) throw ArgumentError("prompt: expected at least one token, found none");
    if (size_ * static_cast<std::size_t>(config.num_beam_groups.value_or(1)) != rules_.beams)
      throw ArgumentError("num_beam_groups: expected a divisor of num_beams, " + std::to_string(rules_.beams) +
                          ", found " + std::to_string(*config.num_beam_groups));
    if (!(config.diversity_penalty.value_or(0) > 0))
      throw ArgumentError("diversity_penalty: expected a number > 0 with num_beam_groups, found none");
    if (config.do_sample.value_or(false))
      throw ArgumentError("num_beam_groups: expected 1 with do_sample, found " +
                          std::to_string(*config.num_beam_groups));
    if (config.stop_strings && !config.stop_strings->empty())
      throw ArgumentError("stop_strings: expected none with num_beam_groups, found " +
                          std::to_string(config.stop_strings->size()));
    chain_ = reference_chain(config, static_cast<Index>(prompt_.size()), 1,
                             HammingDiversity{*config.diversity_penalty, chosen_});
    groups_.resize(rules_.beams / size_);
  }

  /// The answers of all groups, best first; fewer when it has been cancelled. Throws ArgumentError as the sequences do,
  /// and where a group has nothing to go on with.
  std::vector<Hypothesis> run() {
    rules_.begin();
    if (rules_.most < 1) return {};
    try {
      const std::span<const float> logits = sequences_.start(prompt_);
      vocabulary_ = logits.size();
      std::vector<float> first(logits.begin(), logits.end());
      for (Group& group : groups_) {
        for (std::size_t i = 0; i < size_; ++i) group.beams.push_back({prompt_, i == 0 ? 0 : rules_.never, 0});
      }
      scores_ = std::move(first);
      for (Index length = 1;; ++length) {
        chosen_->clear();
        for (Group& group : groups_) advance(group, length);
        const bool all = std::all_of(groups_.begin(), groups_.end(), [](const Group& group) { return group.done; });
        if (all || length >= rules_.most || rules_.time_is_over())
          return ranked(length >= rules_.most ? FinishReason::length : FinishReason::time);
        if (options_.cancellation.cancelled()) break;
        step();
      }
    } catch (const CancelledError&) {
    }
    return ranked(FinishReason::cancelled);
  }

 private:
  struct Beam {
    std::vector<TokenId> history;
    float score;
    std::size_t row;  ///< of scores_, where it has been computed
  };
  struct Group {
    std::vector<Beam> beams;
    std::vector<Hypothesis> answers;  ///< in the order they came
    std::vector<double> scores;       ///< of answers
    bool done = false;
  };
  using Continuation = detail::Continuation;

  void advance(Group& group, Index length) {
    if (group.done) {  // the reference goes on with padding, which counts as chosen
      chosen_->insert(chosen_->end(), size_, padding_);
      return;
    }
    const std::size_t kept = rules_.kept(size_);
    std::vector<Continuation> best;
    for (std::size_t i = 0; i < group.beams.size(); ++i) {
      const Beam& beam = group.beams[i];
      candidates_.assign(std::span<const float>(scores_).subspan(beam.row * vocabulary_, vocabulary_));
      Renormalise{}(candidates_, {});
      chain_(candidates_, {beam.history, static_cast<Index>(prompt_.size()), options_.source});
      for (const std::size_t at : candidates_.sorted(kept))
        best.push_back({i, candidates_.ids[at], candidates_.logits[at] + beam.score});
    }
    std::sort(best.begin(), best.end(), Continuation::better);
    best.resize(std::min(best.size(), kept));
    std::vector<Beam> next;
    for (std::size_t rank = 0; rank < best.size() && next.size() < size_; ++rank) {
      const Continuation& c = best[rank];
      const Beam& from = group.beams[c.beam];
      if (!rules_.is_end(c.id)) {
        next.push_back({from.history, c.score, from.row});
        next.back().history.push_back(c.id);
      } else if (rank < size_) {
        add(group, from.history, c.score, length, FinishReason::end_of_sequence);
      }
    }
    if (next.size() < size_)
      throw ArgumentError("num_beam_groups: expected " + std::to_string(size_) +
                          " tokens that end nothing to go on with, found " + std::to_string(next.size()));
    group.beams = std::move(next);
    for (const Beam& beam : group.beams) chosen_->push_back(beam.history.back());
    group.done = cannot_improve(group, static_cast<double>(best.front().score), length);
  }

  double ranked_score(double sum, Index length) const { return sum / rules_.divisor(length); }

  /// Keeps the best of a group.
  void add(Group& group, std::span<const TokenId> history, float sum, Index length, FinishReason reason) {
    const double score = ranked_score(static_cast<double>(sum), length);
    if (group.answers.size() >= size_ && !(score > *std::min_element(group.scores.begin(), group.scores.end()))) return;
    const auto generated = history.subspan(prompt_.size());
    group.answers.push_back({{generated.begin(), generated.end()}, static_cast<float>(score), reason});
    // Whichever end it was, the reference writes the first.
    if (reason == FinishReason::end_of_sequence) group.answers.back().ids.push_back(rules_.ends.front());
    group.scores.push_back(score);
    if (group.answers.size() <= size_) return;
    const auto worst = std::min_element(group.scores.begin(), group.scores.end()) - group.scores.begin();
    group.answers.erase(group.answers.begin() + worst);
    group.scores.erase(group.scores.begin() + worst);
  }

  bool cannot_improve(const Group& group, double best, Index length) const {
    if (group.answers.size() < size_) return false;
    if (rules_.early == EarlyStopping::yes) return true;
    return *std::min_element(group.scores.begin(), group.scores.end()) >= ranked_score(best, rules_.compared(length));
  }

  /// All beams of the groups that are not done, together.
  void step() {
    std::vector<std::size_t> parents;
    std::vector<TokenId> ids;
    for (Group& group : groups_) {
      if (group.done) continue;
      for (Beam& beam : group.beams) {
        parents.push_back(std::exchange(beam.row, ids.size()));
        ids.push_back(beam.history.back());
      }
    }
    const std::span<const float> logits = sequences_.step(parents, ids);
    scores_.assign(logits.begin(), logits.end());
  }

  std::vector<Hypothesis> ranked(FinishReason reason) {
    std::vector<Hypothesis> all;
    std::vector<double> scores;
    for (Group& group : groups_) {
      if (!group.done && reason != FinishReason::cancelled) {
        for (const Beam& beam : group.beams) {
          const auto length = static_cast<Index>(beam.history.size() - prompt_.size());
          add(group, beam.history, beam.score, length, reason);
        }
      }
      all.insert(all.end(), group.answers.begin(), group.answers.end());
      scores.insert(scores.end(), group.scores.begin(), group.scores.end());
    }
    std::vector<std::size_t> order(all.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](auto a, auto b) {  // of equal ones the reference takes the last
      return scores[a] != scores[b] ? scores[a] > scores[b] : a > b;
    });
    std::vector<Hypothesis> answers;
    for (const std::size_t i : order) answers.push_back(std::move(all[i]));
    return answers;
  }

  Sequences& sequences_;
  std::vector<TokenId> prompt_;
  SearchOptions options_;
  detail::BeamRules rules_;
  std::size_t size_;  ///< of a group
  TokenId padding_;
  std::shared_ptr<std::vector<TokenId>> chosen_ = std::make_shared<std::vector<TokenId>>();  ///< in this step
  LogitsChain chain_;
  std::vector<Group> groups_;
  std::size_t vocabulary_ = 0;
  std::vector<float> scores_;  ///< [rows, V]
  Candidates candidates_;
};

/// The search a config asks for: of groups where it names several.
template <SequenceGroup Sequences>
std::vector<Hypothesis> search_beams(Sequences& sequences, std::vector<TokenId> prompt, const GenerationConfig& config,
                                     SearchOptions options = {}) {
  if (config.num_beam_groups.value_or(1) > 1)
    return GroupBeamSearch(sequences, std::move(prompt), config, std::move(options)).run();
  return BeamSearch(sequences, std::move(prompt), config, std::move(options)).run();
}

}  // namespace headformer
