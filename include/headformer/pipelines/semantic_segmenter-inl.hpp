#pragma once

#include <algorithm>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/core/stable_sort.hpp"
#include "headformer/kernels/resample.hpp"
#include "headformer/models/architecture_error.hpp"
#include "headformer/pipelines/class_labels.hpp"
#include "headformer/pipelines/semantic_segmenter.hpp"

namespace headformer {

HEADFORMER_COLD HEADFORMER_INLINE SemanticSegmenter::SemanticSegmenter(const std::filesystem::path& path,
                                                                       const PipelineOptions& options)
    : pipeline_(Checkpoint::open(path), options) {
  const ImageEncoderConfig& config = pipeline_.encoder().config();
  if (config.task != ImageTask::segmentation) detail::fail_class(pipeline_.checkpoint(), "semantic segmentation");
  if (config.labels > Index{1} << 16)
    throw ConfigError(pipeline_.name() + ": id2label: expected at most 65536 labels, found " +
                      std::to_string(config.labels));
  labels_ = detail::read_labels(pipeline_.config(), config.labels);
}

HEADFORMER_INLINE std::vector<Outcome<Segmentation>> SemanticSegmenter::segment(
    std::span<const Picture> pictures) const {
  return pipeline_.answer_each<Segmentation>(pictures, [&](std::size_t item, const ImagePipeline::Result& result) {
    Segmentation found;
    found.size = pictures[item].size();
    found.classes.resize(static_cast<std::size_t>(found.size.count()));
    kernels::resample_lines(pipeline_.workspace().compute(), kernels::Resampling::bilinear, result.results[0],
                            pipeline_.encoder().heads()[0]->map(result.grid), found.size,
                            [&](Index y, TensorView<const float> logits) {
                              for (Index x = 0; x < logits.rows(); ++x) {
                                const std::span<const float> all = logits.row_span(x);
                                found.classes[static_cast<std::size_t>(y * found.size.width + x)] =
                                    static_cast<std::uint16_t>(std::max_element(all.begin(), all.end()) - all.begin());
                              }
                            });
    std::vector<Index> pixels(labels_.size(), 0);
    for (const std::uint16_t one : found.classes) ++pixels[one];
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      if (pixels[i] > 0) found.areas.push_back({i, labels_[i], pixels[i]});
    }
    detail::stable_sort(found.areas.begin(), found.areas.end(),
                        [](const ClassArea& a, const ClassArea& b) { return a.pixels > b.pixels; });
    return found;
  });
}

HEADFORMER_INLINE Segmentation SemanticSegmenter::segment(const Picture& picture) const {
  return segment(std::span(&picture, 1)).front().value();
}

}  // namespace headformer
