#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "headformer/pipelines/image_pipeline.hpp"

namespace headformer {

/// Where something is, in pixels of the picture, from its left upper corner; what is found may reach beyond its edges.
struct Box {
  float left = 0;
  float top = 0;
  float right = 0;
  float bottom = 0;
};

/// Something that was found.
struct Detection {
  std::string label;
  float score = 0;
  Box box;
};

/// Pictures to what is in them, by a class for object detection (YOLOS):
///
///     headformer::ObjectDetector detector("path/to/checkpoint");
///     for (const headformer::Detection& found : detector.detect(picture)) std::cout << found.label << '\n';
///
/// As the reference's post_process_object_detection. One call at a time.
class ObjectDetector {
 public:
  /// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
  explicit ObjectDetector(const std::filesystem::path& path, const PipelineOptions& options = {});

  const std::vector<std::string>& labels() const { return labels_; }

  /// Of each picture what scores above the threshold, in the model's order; one that fails stops no other. Throws
  /// CancelledError.
  std::vector<Outcome<std::vector<Detection>>> detect(std::span<const Picture> pictures, float threshold = 0.5F) const;
  /// Throws ArgumentError when the picture fails.
  std::vector<Detection> detect(const Picture& picture, float threshold = 0.5F) const;

 private:
  ImagePipeline pipeline_;
  std::size_t logits_ = 0;  // the heads that make them
  std::size_t boxes_ = 0;
  std::vector<std::string> labels_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/object_detector-inl.hpp"
#endif
