#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/models/architecture_error.hpp"
#include "headformer/pipelines/class_labels.hpp"
#include "headformer/pipelines/image_classifier.hpp"

namespace headformer {

HEADFORMER_COLD HEADFORMER_INLINE ImageClassifier::ImageClassifier(const std::filesystem::path& path,
                                                                   const PipelineOptions& options)
    : pipeline_(Checkpoint::open(path), options) {
  const ImageTask task = pipeline_.encoder().config().task;
  if (task != ImageTask::classification && task != ImageTask::distilled_classification)
    detail::fail_class(pipeline_.checkpoint(), "image classification");
  logits_ = pipeline_.head("logits").value();
  const EncoderOutput& output = pipeline_.encoder().heads()[logits_]->output();
  const Index count = output.width / static_cast<Index>(output.names.size());
  labels_ = detail::read_labels(pipeline_.config(), count);
  function_ = detail::read_score_function(pipeline_.config(), count);
}

HEADFORMER_INLINE std::vector<Outcome<std::vector<LabelScore>>> ImageClassifier::classify(
    std::span<const Picture> pictures) const {
  return pipeline_.answer_each<std::vector<LabelScore>>(
      pictures, [&](std::size_t, const ImagePipeline::Result& result) {
        // The last of what a head with several outputs (DeiT's two classifiers) puts side by side.
        const std::span<const float> all = result.results[logits_].row_span(0);
        return detail::ranked(labels_, detail::scores_of(function_, all.last(labels_.size())));
      });
}

HEADFORMER_INLINE std::vector<LabelScore> ImageClassifier::classify(const Picture& picture) const {
  return classify(std::span(&picture, 1)).front().value();
}

}  // namespace headformer
