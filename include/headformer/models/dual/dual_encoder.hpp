#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/models/dual/similarity.hpp"
#include "headformer/models/encoders/encoder.hpp"
#include "headformer/models/vision/image_encoder.hpp"

namespace headformer {

/// Two towers, one for texts and one for pictures, whose vectors can be compared (CLIP, SigLIP). Immutable, shareable
/// between threads.
class DualEncoder {
 public:
  /// Each tower's only head makes the vector. Throws ArgumentError where the vectors have two widths.
  HEADFORMER_COLD DualEncoder(std::unique_ptr<Encoder> text, std::unique_ptr<ImageEncoder> image,
                              ContrastiveSimilarity similarity, LoadReport report)
      : text_(std::move(text)), image_(std::move(image)), similarity_(similarity), report_(std::move(report)) {
    const Index other = image_->heads().front()->output().width;
    if (width() != other)
      throw ArgumentError("towers: expected vectors of one width, found " + std::to_string(width()) + " of texts and " +
                          std::to_string(other) + " of pictures");
  }

  const Encoder& text() const { return *text_; }
  const ImageEncoder& image() const { return *image_; }
  const ContrastiveSimilarity& similarity() const { return similarity_; }
  const LoadReport& report() const { return report_; }
  /// Of the vectors.
  Index width() const { return text_->heads().front()->output().width; }

  /// Vectors of length 1. Shapes: vectors [texts, width()]. Throws as Encoder::forward().
  void embed(Workspace& workspace, std::span<const EncoderInput> texts, TensorView<float> vectors) const {
    text_->forward(workspace, texts, std::span<const TensorView<float>>(&vectors, 1));
    normalise_rows(vectors);
  }
  /// Vectors of length 1. Shapes: vectors [pictures, width()]. Throws as ImageEncoder::forward().
  void embed(Workspace& workspace, std::span<const ImageInput> pictures, TensorView<float> vectors) const {
    image_->forward(workspace, pictures, std::span<const TensorView<float>>(&vectors, 1));
    normalise_rows(vectors);
  }

 private:
  std::unique_ptr<Encoder> text_;
  std::unique_ptr<ImageEncoder> image_;
  ContrastiveSimilarity similarity_;
  LoadReport report_;
};

}  // namespace headformer
