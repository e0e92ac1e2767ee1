#pragma once

#include <algorithm>
#include <cmath>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/models/architecture_error.hpp"
#include "headformer/pipelines/class_labels.hpp"
#include "headformer/pipelines/object_detector.hpp"

namespace headformer {

HEADFORMER_COLD HEADFORMER_INLINE ObjectDetector::ObjectDetector(const std::filesystem::path& path,
                                                                 const PipelineOptions& options)
    : pipeline_(Checkpoint::open(path), options) {
  const ImageEncoderConfig& config = pipeline_.encoder().config();
  if (config.task != ImageTask::detection) detail::fail_class(pipeline_.checkpoint(), "object detection");
  logits_ = pipeline_.head("logits").value();
  boxes_ = pipeline_.head("pred_boxes").value();
  labels_ = detail::read_labels(pipeline_.config(), config.labels);
}

HEADFORMER_INLINE std::vector<Outcome<std::vector<Detection>>> ObjectDetector::detect(std::span<const Picture> pictures,
                                                                                      float threshold) const {
  const auto classes = labels_.size() + 1;  // the last one is none
  return pipeline_.answer_each<std::vector<Detection>>(pictures, [&](std::size_t item,
                                                                     const ImagePipeline::Result& result) {
    const std::span<const float> logits = result.results[logits_].row_span(0);
    const std::span<const float> boxes = result.results[boxes_].row_span(0);
    const auto width = static_cast<float>(pictures[item].size().width);
    const auto height = static_cast<float>(pictures[item].size().height);
    std::vector<Detection> found;
    for (std::size_t i = 0; i < logits.size() / classes; ++i) {
      const std::vector<float> scores = detail::scores_of(ScoreFunction::softmax, logits.subspan(i * classes, classes));
      const auto best = std::max_element(scores.begin(), scores.end() - 1);
      if (!(*best > threshold)) continue;
      const std::span<const float> box = boxes.subspan(4 * i, 4);  // its centre, its width and its height
      found.push_back({labels_[static_cast<std::size_t>(best - scores.begin())],
                       *best,
                       {(box[0] - box[2] / 2) * width, (box[1] - box[3] / 2) * height, (box[0] + box[2] / 2) * width,
                        (box[1] + box[3] / 2) * height}});
    }
    return found;
  });
}

HEADFORMER_INLINE std::vector<Detection> ObjectDetector::detect(const Picture& picture, float threshold) const {
  return detect(std::span(&picture, 1), threshold).front().value();
}

}  // namespace headformer
