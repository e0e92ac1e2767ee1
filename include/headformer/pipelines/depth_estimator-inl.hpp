#pragma once

#include <algorithm>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/kernels/resample.hpp"
#include "headformer/models/architecture_error.hpp"
#include "headformer/pipelines/depth_estimator.hpp"

namespace headformer {

HEADFORMER_COLD HEADFORMER_INLINE DepthEstimator::DepthEstimator(const std::filesystem::path& path,
                                                                 const PipelineOptions& options)
    : pipeline_(Checkpoint::open(path), options) {
  if (pipeline_.encoder().config().task != ImageTask::depth)
    detail::fail_class(pipeline_.checkpoint(), "depth estimation");
}

HEADFORMER_INLINE std::vector<Outcome<DepthMap>> DepthEstimator::estimate(std::span<const Picture> pictures) const {
  return pipeline_.answer_each<DepthMap>(pictures, [&](std::size_t item, const ImagePipeline::Result& result) {
    DepthMap depth;
    depth.size = pictures[item].size();
    depth.values.resize(static_cast<std::size_t>(depth.size.count()));
    kernels::resample_lines(pipeline_.workspace().compute(), kernels::Resampling::bicubic, result.results[0],
                            pipeline_.encoder().heads()[0]->map(result.grid), depth.size,
                            [&](Index y, TensorView<const float> line) {
                              std::copy_n(line.data(), depth.size.width, depth.values.data() + y * depth.size.width);
                            });
    return depth;
  });
}

HEADFORMER_INLINE DepthMap DepthEstimator::estimate(const Picture& picture) const {
  return estimate(std::span(&picture, 1)).front().value();
}

}  // namespace headformer
