#pragma once

#include <algorithm>
#include <optional>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/pipelines/labels.hpp"
#include "headformer/pipelines/template_text.hpp"
#include "headformer/pipelines/zero_shot_classifier.hpp"

namespace headformer {

namespace detail {

/// "Entailment", "ENTAIL", ...
inline bool means_entailment(std::string_view label) {
  constexpr std::string_view prefix = "entail";
  return label.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), label.begin(), [](char a, char b) {
           return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + 32) : b);
         });
}

}  // namespace detail

HEADFORMER_INLINE ZeroShotClassifier::ZeroShotClassifier(const std::filesystem::path& path,
                                                         const PipelineOptions& options)
    : pipeline_(Checkpoint::open(path), options) {
  detail::expect_task(pipeline_, EncoderTask::sequence_classification, "sequence classification");
  const Index count = pipeline_.heads().front()->output().width;
  const std::vector<std::string> labels = detail::read_labels(pipeline_.config(), count);
  const auto found = std::find_if(labels.begin(), labels.end(), detail::means_entailment);
  if (found == labels.end() || count < 2)
    pipeline_.config().fail("id2label", "at least two labels of which one begins with entail");
  entailment_ = static_cast<std::size_t>(found - labels.begin());
  contradiction_ = entailment_ == 0 ? labels.size() - 1 : 0;
}

HEADFORMER_INLINE std::vector<Outcome<Classification>> ZeroShotClassifier::classify(
    std::span<const std::string_view> texts, std::span<const std::string> labels,
    const ZeroShotOptions& options) const {
  if (labels.empty()) throw ArgumentError("labels: expected at least one, found none");
  const std::vector<std::string> hypotheses = detail::fill_template("hypothesis", options.hypothesis, labels);
  std::vector<TextPair> pairs;
  for (const std::string_view text : texts)
    for (const std::string& hypothesis : hypotheses) pairs.push_back({text, hypothesis});

  struct Logits {
    float entailment, contradiction;
    bool truncated;
  };
  const std::vector<Outcome<Encoding>> tokens =
      pipeline_.tokens(pairs, pipeline_.cut_to_fit(TruncationStrategy::only_first));
  const std::vector<Outcome<Logits>> logits =
      pipeline_.answer_each<Logits>(tokens, [&](std::size_t i, std::span<const TensorView<const float>> results) {
        const float* row = results.front().row(0);
        return Logits{row[entailment_], row[contradiction_], tokens[i].value().truncated};
      });

  std::vector<Outcome<Classification>> answers;
  for (std::size_t text = 0; text < texts.size(); ++text) {
    const std::span<const Outcome<Logits>> of_text(logits.data() + text * labels.size(), labels.size());
    const auto failed = std::find_if(of_text.begin(), of_text.end(), [](const auto& l) { return !l; });
    if (failed != of_text.end()) {
      answers.push_back(Outcome<Classification>::failure(failed->error()));
      continue;
    }
    Classification classification;
    std::vector<float> scores;
    for (const Outcome<Logits>& outcome : of_text) {
      const Logits& l = outcome.value();
      // Against contradiction where labels are independent (and where there is but one).
      const bool alone = options.multi_label || labels.size() == 1;
      scores.push_back(alone ? detail::sigmoid(l.entailment - l.contradiction) : l.entailment);
      classification.truncated = classification.truncated || l.truncated;
    }
    if (!options.multi_label && labels.size() > 1) scores = detail::softmax(scores);
    classification.labels = detail::ranked(labels, scores);
    answers.push_back(std::move(classification));
  }
  return answers;
}

}  // namespace headformer
