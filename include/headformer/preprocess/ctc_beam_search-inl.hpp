#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/preprocess/ctc_beam_search.hpp"

namespace headformer {

namespace detail {

inline constexpr double ctc_never = -std::numeric_limits<double>::infinity();

inline double log_sum(double a, double b) {
  if (a < b) std::swap(a, b);
  return b == ctc_never ? a : a + std::log1p(std::exp(b - a));
}

/// Shapes: logits [frames, V] -> [frames, V], log softmax.
inline std::vector<std::vector<double>> ctc_log_probabilities(TensorView<const float> logits) {
  std::vector<std::vector<double>> result;
  for (Index t = 0; t < logits.rows(); ++t) {
    std::vector<double>& row = result.emplace_back();
    double sum = ctc_never;
    for (Index v = 0; v < logits.columns(); ++v) sum = log_sum(sum, static_cast<double>(logits.row(t)[v]));
    for (Index v = 0; v < logits.columns(); ++v) row.push_back(static_cast<double>(logits.row(t)[v]) - sum);
  }
  return result;
}

inline void expect_blank(TensorView<const float> logits, TokenId blank) {
  if (blank < 0 || blank >= logits.columns())
    throw ArgumentError("blank: expected an id below " + std::to_string(logits.columns()) + ", found " +
                        std::to_string(blank));
}

/// Of a text so far: ways that end in a blank, and in its last token.
struct CtcWays {
  double blank = ctc_never;
  double token = ctc_never;
  double all() const { return log_sum(blank, token); }
};

}  // namespace detail

HEADFORMER_INLINE std::vector<CtcHypothesis> ctc_beam_search(TensorView<const float> logits, TokenId blank,
                                                             Index beams) {
  if (beams < 1) throw ArgumentError("beams: expected 1 or more, found " + std::to_string(beams));
  detail::expect_blank(logits, blank);
  std::vector<std::pair<std::vector<TokenId>, detail::CtcWays>> kept = {{{}, {0, detail::ctc_never}}};
  for (const std::vector<double>& frame : detail::ctc_log_probabilities(logits)) {
    std::map<std::vector<TokenId>, detail::CtcWays> next;
    for (const auto& [text, ways] : kept) {
      detail::CtcWays& same = next[text];
      same.blank = detail::log_sum(same.blank, ways.all() + frame[static_cast<std::size_t>(blank)]);
      if (!text.empty())
        same.token = detail::log_sum(same.token, ways.token + frame[static_cast<std::size_t>(text.back())]);
      std::vector<TokenId> longer = text;
      longer.push_back(0);
      for (std::size_t v = 0; v < frame.size(); ++v) {
        const auto id = static_cast<TokenId>(v);
        if (id == blank) continue;
        // The same token again is another one only after a blank.
        const double before = !text.empty() && text.back() == id ? ways.blank : ways.all();
        if (before == detail::ctc_never) continue;
        longer.back() = id;
        detail::CtcWays& more = next[longer];
        more.token = detail::log_sum(more.token, before + frame[v]);
      }
    }
    kept.assign(next.begin(), next.end());
    std::sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) {
      const double first = a.second.all();
      const double second = b.second.all();
      return first != second ? first > second : a.first < b.first;
    });
    if (static_cast<Index>(kept.size()) > beams) kept.resize(static_cast<std::size_t>(beams));
  }
  std::vector<CtcHypothesis> result;
  for (const auto& [text, ways] : kept) result.push_back({text, ways.all()});
  return result;
}

HEADFORMER_INLINE std::vector<TokenId> ctc_align(TensorView<const float> logits, const std::vector<TokenId>& ids,
                                                 TokenId blank) {
  detail::expect_blank(logits, blank);
  // States: blank, first token, blank, second, ..., blank.
  const std::size_t states = 2 * ids.size() + 1;
  const auto frames = static_cast<std::size_t>(logits.rows());
  const auto id_of = [&](std::size_t s) { return s % 2 == 0 ? blank : ids[s / 2]; };
  const std::vector<std::vector<double>> scores = detail::ctc_log_probabilities(logits);
  std::vector<double> best(states, detail::ctc_never);
  std::vector<std::vector<unsigned char>> steps(frames, std::vector<unsigned char>(states, 0));
  for (std::size_t t = 0; t < frames; ++t) {
    std::vector<double> now(states, detail::ctc_never);
    for (std::size_t s = 0; s < states; ++s) {
      double from = t == 0 ? (s < 2 ? 0 : detail::ctc_never) : best[s];
      if (t > 0 && s > 0 && best[s - 1] > from) {
        from = best[s - 1];
        steps[t][s] = 1;
      }
      const bool skips = s % 2 == 1 && s > 1 && id_of(s) != id_of(s - 2);
      if (t > 0 && skips && best[s - 2] > from) {
        from = best[s - 2];
        steps[t][s] = 2;
      }
      now[s] = from + scores[t][static_cast<std::size_t>(id_of(s))];
    }
    best = std::move(now);
  }
  std::size_t state = states - 1;
  if (states > 1 && frames > 0 && best[states - 2] > best[states - 1]) state = states - 2;
  if (frames == 0 ? !ids.empty() : best[state] == detail::ctc_never)
    throw ArgumentError("ids: expected at most as many as " + std::to_string(frames) + " frames can hold, found " +
                        std::to_string(ids.size()));
  std::vector<TokenId> result(frames);
  for (std::size_t t = frames; t-- > 0;) {
    result[t] = id_of(state);
    state -= steps[t][state];
  }
  return result;
}

}  // namespace headformer
