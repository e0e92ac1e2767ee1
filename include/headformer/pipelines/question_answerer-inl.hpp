#pragma once

#include <algorithm>

#include "headformer/core/compiled.hpp"
#include "headformer/core/stable_sort.hpp"
#include "headformer/pipelines/answering/answer_spans.hpp"
#include "headformer/pipelines/labels.hpp"
#include "headformer/pipelines/question_answerer.hpp"
#include "headformer/preprocess/tokenizer/text_offsets.hpp"
#include "headformer/preprocess/unicode/normalization.hpp"

namespace headformer {

HEADFORMER_INLINE QuestionAnswerer::QuestionAnswerer(const std::filesystem::path& path, const PipelineOptions& options)
    : pipeline_(Checkpoint::open(path), options) {
  detail::expect_task(pipeline_, EncoderTask::question_answering, "question answering");
}

namespace detail {

/// How contexts are cut into parts. Throws ArgumentError where the options do not fit the model.
inline Truncation context_parts(const AnswerOptions& options, Index model_length) {
  if (options.count < 1 || options.longest < 1)
    throw ArgumentError("answers: expected a count and a length of at least 1, found " + std::to_string(options.count) +
                        " and " + std::to_string(options.longest));
  constexpr Index usual_length = 384;
  constexpr Index usual_stride = 128;
  Truncation parts;
  parts.max_length = model_length > 0 ? std::min(model_length, usual_length) : usual_length;
  if (options.max_length > 0) parts.max_length = options.max_length;
  if (model_length > 0 && parts.max_length > model_length)
    throw ArgumentError("max_length: expected at most the model's " + std::to_string(model_length) + ", found " +
                        std::to_string(parts.max_length));
  parts.stride = options.stride >= 0 ? options.stride : std::min(parts.max_length / 2, usual_stride);
  parts.strategy = TruncationStrategy::only_second;
  return parts;
}

/// Adds an answer to those of a question; one of the same text (in any case) adds up.
inline void add_answer(std::vector<ExtractedAnswer>& answers, ExtractedAnswer answer) {
  const std::string lower = unicode::lowercase(answer.text);
  for (ExtractedAnswer& known : answers) {
    if (unicode::lowercase(known.text) != lower) continue;
    known.score += answer.score;
    return;
  }
  answers.push_back(std::move(answer));
}

}  // namespace detail

HEADFORMER_INLINE std::vector<Outcome<std::vector<ExtractedAnswer>>> QuestionAnswerer::answer(
    std::span<const QuestionContext> questions, const AnswerOptions& options) const {
  EncodeOptions encoding;
  encoding.offsets = OffsetUnit::bytes;
  encoding.truncation = detail::context_parts(options, pipeline_.max_length());
  std::vector<TextPair> pairs;
  for (const QuestionContext& question : questions) pairs.push_back({question.question, question.context});
  std::vector<Outcome<Encoding>> tokens = pipeline_.tokens(pairs, encoding);
  std::vector<const Encoding*> sequences;
  std::vector<std::size_t> items;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (questions[i].question.empty() || questions[i].context.empty())
      tokens[i] = Outcome<Encoding>::failure("expected a question and a context, found an empty one");
    if (!tokens[i]) continue;
    sequences.push_back(&tokens[i].value());
    for (const Encoding& part : tokens[i].value().overflowing) sequences.push_back(&part);
    items.resize(sequences.size(), i);
  }

  // Some spans become the same words.
  const auto count = static_cast<std::size_t>(options.whole_words ? options.count * 2 + 10 : options.count);
  const std::optional<TokenId> cls = pipeline_.tokenizer().cls();
  std::vector<detail::AnswerSpans> spans(sequences.size());
  pipeline_.run(sequences, [&](std::size_t i, std::span<const TensorView<const float>> results) {
    const Encoding& part = *sequences[i];
    std::vector<float> first;
    std::vector<float> last;
    std::vector<bool> allowed;
    for (std::size_t t = 0; t < part.size(); ++t) {
      const float* logits = results.front().row(static_cast<Index>(t));
      first.push_back(logits[0]);
      last.push_back(logits[1]);
      allowed.push_back(part.sequence_ids[t] == 1 || part.ids[t] == cls);
    }
    spans[i] = detail::answer_spans(first, last, allowed, count, static_cast<std::size_t>(options.longest));
  });

  std::vector<Outcome<std::vector<ExtractedAnswer>>> results;
  for (std::size_t i = 0, sequence = 0; i < tokens.size(); ++i) {
    if (!tokens[i]) {
      results.push_back(Outcome<std::vector<ExtractedAnswer>>::failure(tokens[i].error()));
      continue;
    }
    const std::string_view context = questions[i].context;
    const detail::TextPlaces places(context);
    std::vector<ExtractedAnswer> answers;
    float none = 1;
    for (; sequence < items.size() && items[sequence] == i; ++sequence) {
      none = std::min(none, spans[sequence].none);
      for (const detail::AnswerSpan& span : spans[sequence].best) {
        const TextOffsets bytes = detail::answer_offsets(*sequences[sequence], span, options.whole_words);
        detail::add_answer(answers, {std::string(context.substr(bytes.begin, bytes.end - bytes.begin)), span.score,
                                     places.character(bytes.begin), places.character(bytes.end)});
      }
    }
    if (options.may_have_none) answers.push_back({"", none, 0, 0});
    detail::stable_sort(answers.begin(), answers.end(),
                        [](const ExtractedAnswer& a, const ExtractedAnswer& b) { return a.score > b.score; });
    if (answers.size() > static_cast<std::size_t>(options.count))
      answers.resize(static_cast<std::size_t>(options.count));
    results.push_back(std::move(answers));
  }
  return results;
}

}  // namespace headformer
