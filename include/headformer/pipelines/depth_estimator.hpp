#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "headformer/pipelines/image_pipeline.hpp"

namespace headformer {

/// The depth of every pixel of a picture, as its checkpoint means it: metres, or the inverse of a distance in no unit.
struct DepthMap {
  Grid size;
  std::vector<float> values;  ///< [H * W]
};

/// Pictures to depths, by a class for depth estimation (DPT, Depth Anything):
///
///     headformer::DepthEstimator estimator("path/to/checkpoint");
///     const headformer::DepthMap depth = estimator.estimate(picture);
///
/// As the reference's post_process_depth_estimation at the picture's own size. One call at a time.
class DepthEstimator {
 public:
  /// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
  explicit DepthEstimator(const std::filesystem::path& path, const PipelineOptions& options = {});

  /// One that fails stops no other. Throws CancelledError.
  std::vector<Outcome<DepthMap>> estimate(std::span<const Picture> pictures) const;
  /// Throws ArgumentError when the picture fails.
  DepthMap estimate(const Picture& picture) const;

 private:
  ImagePipeline pipeline_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/depth_estimator-inl.hpp"
#endif
