#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "headformer/generate/hypothesis.hpp"

namespace headformer {

/// Answers by descending score(answer), a caller's own (a reward model's, say); equal ones in their order. Their
/// members `score` are set to it.
template <class Score>
std::vector<Hypothesis> best_of(std::vector<Hypothesis> answers, Score score) {
  std::vector<std::size_t> order(answers.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
    answers[i].score = static_cast<float>(score(std::as_const(answers[i])));
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return answers[a].score != answers[b].score ? answers[a].score > answers[b].score : a < b;
  });
  std::vector<Hypothesis> ranked;
  for (const std::size_t i : order) ranked.push_back(std::move(answers[i]));
  return ranked;
}

/// Self-consistency (Wang et al. 2022, https://arxiv.org/abs/2203.11171): which of the answers stands for the most, two
/// being the same where key(answer) is, e.g. the number a text ends with. Of equally many, those that came first.
/// Returns an index; 0 for no answers.
template <class Key>
std::size_t majority(std::span<const Hypothesis> answers, Key key) {
  using Value = std::decay_t<decltype(key(answers.front()))>;
  std::map<Value, std::pair<std::size_t, std::size_t>> votes;  // how many, and the first
  for (std::size_t i = 0; i < answers.size(); ++i) ++votes.try_emplace(key(answers[i]), 0, i).first->second.first;
  std::size_t winner = 0;
  std::size_t most = 0;
  for (const auto& [value, count_and_first] : votes) {
    const auto [count, first] = count_and_first;
    if (count > most || (count == most && first < winner)) {
      most = count;
      winner = first;
    }
  }
  return winner;
}

}  // namespace headformer
