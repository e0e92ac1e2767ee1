#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "headformer/pipelines/image_pipeline.hpp"

namespace headformer {

/// What makes one vector of a picture's rows.
enum class ImagePooling {
  automatic,  ///< the space shared with texts where the class has one, else its pooler, else as below the first, the
              ///< mean
  pooler,     ///< pooler_output of the class
  first,      ///< the row of the class token
  mean,       ///< of the patches' rows
};
/// "automatic", "pooler", "first", "mean". Throws ArgumentError for another.
ImagePooling image_pooling_from_name(const std::string& name);

/// Pictures to vectors:
///
///     headformer::ImageEmbedder embedder("path/to/checkpoint");
///     std::vector<float> vector = embedder.embed(picture);
///
/// Vectors of two towers (CLIP, SigLIP) have length 1 and can be compared with those of texts. One call at a time.
class ImageEmbedder {
 public:
  /// Throws IoError, FormatError, ConfigError (also for a pooling that the class has not), WeightError,
  /// CancelledError.
  explicit ImageEmbedder(const std::filesystem::path& path, ImagePooling pooling = ImagePooling::automatic,
                         const PipelineOptions& options = {});

  /// Numbers of a vector.
  Index width() const;

  /// In the pictures' order; one that fails stops no other. Throws CancelledError.
  std::vector<Outcome<std::vector<float>>> embed(std::span<const Picture> pictures) const;
  /// Throws ArgumentError when the picture fails.
  std::vector<float> embed(const Picture& picture) const;

 private:
  ImagePipeline pipeline_;
  std::optional<std::size_t> head_;  // none: the hidden states are pooled
  ImagePooling pooling_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/image_embedder-inl.hpp"
#endif
