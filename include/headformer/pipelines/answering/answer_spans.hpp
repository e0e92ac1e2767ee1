#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/preprocess/encoding.hpp"

namespace headformer::detail {

/// Tokens first to last as an answer.
struct AnswerSpan {
  std::size_t first = 0, last = 0;
  float score = 0;
};

/// What one part of a context says, as the reference's pipeline for question answering makes it of the logits of first
/// and last tokens.
struct AnswerSpans {
  std::vector<AnswerSpan> best;
  float none = 0;  ///< of the empty answer
};

/// exp over the tokens that may stand in an answer, adding up to 1; 0 for the others.
inline std::vector<float> answer_probabilities(std::span<const float> logits, const std::vector<bool>& allowed) {
  float greatest = -10000.0F;
  for (std::size_t i = 0; i < logits.size(); ++i)
    if (allowed[i]) greatest = std::max(greatest, logits[i]);
  std::vector<float> result(logits.size());
  double sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    result[i] = std::exp((allowed[i] ? logits[i] : -10000.0F) - greatest);
    sum += result[i];
  }
  for (float& value : result) value = static_cast<float>(value / sum);
  return result;
}

/// The `count` best spans of at most `longest` tokens. `allowed`: the context's tokens and the class token.
inline AnswerSpans answer_spans(std::span<const float> first_logits, std::span<const float> last_logits,
                                const std::vector<bool>& allowed, std::size_t count, std::size_t longest) {
  std::vector<float> first = answer_probabilities(first_logits, allowed);
  std::vector<float> last = answer_probabilities(last_logits, allowed);
  AnswerSpans spans;
  spans.none = first[0] * last[0];
  first[0] = last[0] = 0;  // the class token is no answer
  const auto better = [](const AnswerSpan& a, const AnswerSpan& b) { return a.score > b.score; };
  for (std::size_t i = 0; i < first.size(); ++i) {
    for (std::size_t j = i; allowed[i] && j < std::min(first.size(), i + longest); ++j) {
      if (!allowed[j]) continue;
      const AnswerSpan span{i, j, first[i] * last[j]};
      if (spans.best.size() == count && span.score <= spans.best.back().score) continue;
      spans.best.insert(std::upper_bound(spans.best.begin(), spans.best.end(), span, better), span);
      if (spans.best.size() > count) spans.best.pop_back();
    }
  }
  return spans;
}

/// Where a span lies in the context: from the beginning of its first token, or of that token's word, to the end of its
/// last.
inline TextOffsets answer_offsets(const Encoding& tokens, const AnswerSpan& span, bool whole_words) {
  TextOffsets place{tokens.offsets[span.first].begin, tokens.offsets[span.last].end};
  const std::int32_t first_word = tokens.word_ids[span.first];
  const std::int32_t last_word = tokens.word_ids[span.last];
  if (!whole_words || first_word < 0 || last_word < 0) return place;
  bool first_seen = false;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens.sequence_ids[i] != 1) continue;
    if (tokens.word_ids[i] == first_word && !first_seen) {
      place.begin = tokens.offsets[i].begin;
      first_seen = true;
    }
    if (tokens.word_ids[i] == last_word) place.end = tokens.offsets[i].end;
  }
  return place;
}

}  // namespace headformer::detail
