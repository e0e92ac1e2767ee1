#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/pipelines/labels.hpp"
#include "headformer/pipelines/text_classifier.hpp"

namespace headformer {

HEADFORMER_INLINE TextClassifier::TextClassifier(const std::filesystem::path& path, const PipelineOptions& options)
    : pipeline_(Checkpoint::open(path), options) {
  detail::expect_task(pipeline_, EncoderTask::sequence_classification, "sequence classification");
  const Index count = pipeline_.heads().front()->output().width;
  labels_ = detail::read_labels(pipeline_.config(), count);
  function_ = detail::read_score_function(pipeline_.config(), count);
}

HEADFORMER_INLINE std::vector<Outcome<Classification>> TextClassifier::classify(std::span<const TextPair> texts) const {
  const std::vector<Outcome<Encoding>> tokens = pipeline_.tokens(texts);
  return pipeline_.answer_each<Classification>(tokens, [&](std::size_t i,
                                                           std::span<const TensorView<const float>> results) {
    const std::span<const float> logits(results.front().row(0), labels_.size());
    return Classification{detail::ranked(labels_, detail::scores_of(function_, logits)), tokens[i].value().truncated};
  });
}

HEADFORMER_INLINE Classification TextClassifier::classify(std::string_view text) const {
  const TextPair pair{text, {}};
  return classify(std::span(&pair, 1)).front().value();
}

}  // namespace headformer
