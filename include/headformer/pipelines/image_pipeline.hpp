#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "headformer/core/function_ref.hpp"
#include "headformer/core/outcome.hpp"
#include "headformer/models/dual/dual_encoder.hpp"
#include "headformer/models/vision/image_encoder.hpp"
#include "headformer/pipelines/options.hpp"
#include "headformer/preprocess/image/image_processor.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

/// An encoder of pictures with its processor, alone or as one of two towers: what the pipelines over pictures share.
/// Pictures become pixels by all workers and run some at a time. One run at a time.
class ImagePipeline {
 public:
  /// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
  ImagePipeline(const Checkpoint& checkpoint, const PipelineOptions& options);

  const ImageEncoder& encoder() const { return *encoder_; }
  /// nullptr: the encoder stands alone.
  const DualEncoder* towers() const { return towers_.get(); }
  const ImageProcessor& processor() const { return processor_; }
  const Checkpoint& checkpoint() const { return checkpoint_; }
  /// Of a folder's checkpoint.
  JsonObject config() const { return checkpoint_.config(); }
  const std::string& name() const { return checkpoint_.name(); }
  Workspace& workspace() const { return *workspace_; }
  /// The place of the head that puts out this name; nothing where the class has none.
  std::optional<std::size_t> head(const std::string& name) const;

  /// What one picture became. Of each head a view. Shapes: results[i] [rows or 1, the head's width].
  struct Result {
    std::span<const TensorView<const float>> results;
    Grid grid;  ///< of the places that the last rows stand for
  };

  /// An answer for each picture, made by make(item, result) of what the heads put out, in the pictures' order; one that
  /// fails stops no other. Bits do not depend on what else is there. Throws CancelledError.
  template <class Answer, class Make>
  std::vector<Outcome<Answer>> answer_each(std::span<const Picture> pictures, const Make& make) const {
    return answer_each<Answer>(false, pictures, make);
  }
  /// The same of the last layer's hidden states, whatever heads the class has. Shapes: results[0] [rows, D].
  template <class Answer, class Make>
  std::vector<Outcome<Answer>> answer_each_hidden(std::span<const Picture> pictures, const Make& make) const {
    return answer_each<Answer>(true, pictures, make);
  }

 private:
  using Take = FunctionRef<void(std::size_t item, const Result& result)>;
  using Fail = FunctionRef<void(std::size_t item, const std::string& error)>;

  template <class Answer, class Make>
  std::vector<Outcome<Answer>> answer_each(bool hidden, std::span<const Picture> pictures, const Make& make) const {
    std::vector<Outcome<Answer>> answers(pictures.size(), Outcome<Answer>::failure(""));
    run(
        hidden, pictures, [&](std::size_t item, const Result& result) { answers[item] = make(item, result); },
        [&](std::size_t item, const std::string& error) { answers[item] = Outcome<Answer>::failure(error); });
    return answers;
  }

  void run(bool hidden, std::span<const Picture> pictures, Take take, Fail fail) const;
  void run_batch(bool hidden, std::span<const ImageInput> inputs, std::span<const std::size_t> items, Take take) const;

  Checkpoint checkpoint_;
  std::shared_ptr<Workspace> workspace_;
  std::shared_ptr<const DualEncoder> towers_;
  std::shared_ptr<const ImageEncoder> encoder_;
  ImageProcessor processor_;
  Cancellation cancellation_;
  ProgressCallback progress_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/image_pipeline-inl.hpp"
#endif
