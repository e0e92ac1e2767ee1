#pragma once

#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/pipelines/answer_scorer.hpp"
#include "headformer/pipelines/labels.hpp"
#include "headformer/pipelines/scores.hpp"

namespace headformer {

HEADFORMER_INLINE AnswerScorer::AnswerScorer(const std::filesystem::path& path, const PipelineOptions& options)
    : pipeline_(Checkpoint::open(path), options) {
  detail::expect_one_label(pipeline_);
  chat_template_ = ChatTemplate::from_files(pipeline_.checkpoint().files());
}

/// Throws ArgumentError, TemplateError.
HEADFORMER_INLINE std::vector<Outcome<Encoding>> AnswerScorer::tokens(const AnswersToScore& item) const {
  EncodeOptions options = pipeline_.cut_to_fit();
  std::vector<TextPair> texts;
  if (!chat_template_) {
    if (item.prompt.size() != 1)
      throw ArgumentError("prompt: expected a text or a single turn, as the checkpoint has no chat template, found " +
                          std::to_string(item.prompt.size()) + " turns");
    for (const std::string& answer : item.answers) texts.push_back({item.prompt.front().content, answer});
    return pipeline_.tokens(texts, options);
  }
  std::vector<std::string> conversations;
  std::vector<ChatMessage> messages = item.prompt;
  messages.push_back({"assistant", ""});
  for (const std::string& answer : item.answers) {
    messages.back().content = answer;
    conversations.push_back(chat_template_->render(messages, false));
  }
  for (const std::string& conversation : conversations) texts.push_back({conversation, {}});
  options.add_special_tokens = false;  // the template says where they are
  return pipeline_.tokens(texts, options);
}

HEADFORMER_INLINE std::vector<Outcome<std::vector<ScoredAnswer>>> AnswerScorer::score(
    std::span<const AnswersToScore> items) const {
  std::vector<std::string> errors(items.size());
  std::vector<Outcome<Encoding>> all;  // of all items, so that their sequences share batches
  std::vector<std::size_t> counts;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::size_t before = all.size();
    try {
      for (Outcome<Encoding>& one : tokens(items[i])) all.push_back(std::move(one));
    } catch (const ArgumentError& error) {
      errors[i] = error.what();
    } catch (const TemplateError& error) {
      errors[i] = error.what();
    }
    counts.push_back(all.size() - before);
  }
  const auto scores =
      pipeline_.answer_each<ScoredAnswer>(all, [&](std::size_t i, std::span<const TensorView<const float>> results) {
        return ScoredAnswer{0, *results.front().row(0), all[i].value().truncated};
      });
  std::vector<Outcome<std::vector<ScoredAnswer>>> result;
  std::size_t next = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    std::vector<ScoredAnswer> answers;
    for (std::size_t n = 0; n < counts[i]; ++n, ++next) {
      if (!scores[next]) {
        if (errors[i].empty()) errors[i] = "answers[" + std::to_string(n) + "]: " + scores[next].error();
        continue;
      }
      answers.push_back(scores[next].value());
      answers.back().index = n;
    }
    if (errors[i].empty()) {
      result.emplace_back(std::move(answers));
    } else {
      result.push_back(Outcome<std::vector<ScoredAnswer>>::failure(errors[i]));
    }
  }
  return result;
}

HEADFORMER_INLINE std::vector<ScoredAnswer> AnswerScorer::rank(const AnswersToScore& item) const {
  std::vector<ScoredAnswer> ranked = score(std::span(&item, 1)).front().value();
  detail::sort_best_first(ranked);
  return ranked;
}

HEADFORMER_INLINE std::vector<ScoredAnswer> AnswerScorer::rank(std::string_view prompt,
                                                               std::span<const std::string_view> answers) const {
  return rank({{{"user", std::string(prompt)}}, {answers.begin(), answers.end()}});
}

}  // namespace headformer
