#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "headformer/pipelines/image_pipeline.hpp"

namespace headformer {

/// How much of a picture a class has.
struct ClassArea {
  std::size_t index = 0;  ///< of the class
  std::string label;
  Index pixels = 0;
};

/// The class of every pixel of a picture.
struct Segmentation {
  Grid size;
  std::vector<std::uint16_t> classes;  ///< [H * W]
  std::vector<ClassArea> areas;        ///< of those that are there, the largest first
};

/// Pictures to the class of every pixel, by a class for semantic segmentation (SegFormer, DPT):
///
///     headformer::SemanticSegmenter segmenter("path/to/checkpoint");
///     for (const headformer::ClassArea& area : segmenter.segment(picture).areas) std::cout << area.label << '\n';
///
/// As the reference's post_process_semantic_segmentation at the picture's own size. One call at a time.
class SemanticSegmenter {
 public:
  /// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
  explicit SemanticSegmenter(const std::filesystem::path& path, const PipelineOptions& options = {});

  const std::vector<std::string>& labels() const { return labels_; }

  /// One that fails stops no other. Throws CancelledError.
  std::vector<Outcome<Segmentation>> segment(std::span<const Picture> pictures) const;
  /// Throws ArgumentError when the picture fails.
  Segmentation segment(const Picture& picture) const;

 private:
  ImagePipeline pipeline_;
  std::vector<std::string> labels_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/semantic_segmenter-inl.hpp"
#endif
