#pragma once

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/models/encoders/heads.hpp"
#include "headformer/models/vision/config.hpp"

namespace headformer {

/// DeiT's two classifiers, of the class token and of the distillation token, and the mean of what they say (Touvron et
/// al. 2020, https://arxiv.org/abs/2012.12877).
class DistilledHead final : public EncoderHead {
 public:
  Linear class_output;         // [labels, D]
  Linear distillation_output;  // [labels, D]

  HEADFORMER_COLD DistilledHead(Index inputs, Index labels, const Weights& weights)
      : EncoderHead({{"cls_logits", "distillation_logits", "logits"}, 3 * labels}),
        class_output({inputs, {{"output", labels}}, true}, weights / "classifier"),
        distillation_output({inputs, {{"output", labels}}, true}, weights / "distilled") {}

  void operator()(Context& context, TensorView<const float> hidden, TensorView<float> y) const override {
    Scratch::Frame frame(context.scratch());
    const Index labels = class_output.outputs();
    TransformConfig second;
    second.pooling = Pooling::second;
    class_output(context, pooled_rows(context, {}, hidden, frame), y.slice_columns(0, labels));
    distillation_output(context, pooled_rows(context, second, hidden, frame), y.slice_columns(labels, 2 * labels));
    for (Index r = 0; r < y.rows(); ++r) {
      float* const row = y.row(r);
      for (Index i = 0; i < labels; ++i) row[2 * labels + i] = (row[i] + row[labels + i]) / 2;
    }
  }
};

/// Binds heads below the names "pooler", "classifier", "distilled", "pixels", "words" and "projection". `Pooler` makes
/// pooler_output of a picture, `Classified` is what a classifier does before its matrix, `Projected` a projection.
template <class Pooler, class Classified = NoTransform, class Projected = NoTransform>
class ImageHeads {
 public:
  ImageHeads(const ImageEncoderConfig& config, const Weights& weights) : config_(config), weights_(weights) {}

  HEADFORMER_COLD std::vector<std::unique_ptr<EncoderHead>> make() const {
    std::vector<std::unique_ptr<EncoderHead>> result;
    const Index width = config_.width;
    switch (config_.task) {
      case ImageTask::base:
        result.push_back(std::make_unique<HiddenStates>(width, config_.as_map));
        if (config_.pooler.width > 0) result.push_back(pooler());
        break;
      case ImageTask::classification:
        result.push_back(pooled<Classified>("classifier", {{"logits"}, config_.labels}, true));
        break;
      case ImageTask::distilled_classification:
        result.push_back(std::make_unique<DistilledHead>(width, config_.labels, weights_));
        break;
      case ImageTask::masked_pixels: {
        EncoderOutput output{{"reconstruction"}, config_.channels * config_.pixels * config_.pixels, true};
        output.patches = true;
        output.pixels = config_.pixels;
        result.push_back(tokens<NoTransform>("pixels", std::move(output)));
        break;
      }
      case ImageTask::masked_tokens: {
        EncoderOutput output{{"logits"}, config_.words, true};
        output.patches = true;
        result.push_back(tokens<NormTransform>("words", std::move(output)));
        break;
      }
      case ImageTask::projection:
        result.push_back(std::make_unique<HiddenStates>(width));
        result.push_back(projection());
        break;
      case ImageTask::segmentation:
      case ImageTask::detection:
      case ImageTask::depth:
        break;  // of families that have heads of their own
      case ImageTask::shared_space:
        result.push_back(config_.projected > 0 ? projection() : pooler());
        break;
    }
    return result;
  }

 private:
  std::unique_ptr<EncoderHead> pooler() const {
    if constexpr (std::is_constructible_v<Pooler, const ImageEncoderConfig&, const Weights&>) {
      return std::make_unique<Pooler>(config_, weights_ / "pooler");
    } else {
      return std::make_unique<Pooler>(config_.width, config_.pooler, weights_ / "pooler");
    }
  }

  std::unique_ptr<EncoderHead> projection() const {
    return pooled<Projected>("projection", {{"image_embeds"}, config_.projected}, false);
  }

  template <class Transform>
  std::unique_ptr<EncoderHead> pooled(const char* name, EncoderOutput output, bool bias) const {
    const Weights weights = weights_ / name;
    TransformConfig transform = config_.pooler;
    if (config_.task == ImageTask::classification) transform.pooling = config_.classified;
    const Index inputs = (transform.pooling == Pooling::first_and_patches ? 2 : 1) * config_.width;
    const LinearConfig linear{inputs, {{"output", output.width}}, bias};
    return std::make_unique<ClassificationHead<Transform>>(
        std::move(output), transform, Transform(config_.width, transform, weights), Linear(linear, weights));
  }

  template <class Transform>
  std::unique_ptr<EncoderHead> tokens(const char* name, EncoderOutput output) const {
    const Weights weights = weights_ / name;
    const LinearConfig linear{config_.width, {{"output", output.width}}, true};
    return std::make_unique<TokenHead<Transform>>(std::move(output), Transform(config_.width, config_.pooler, weights),
                                                  Linear(linear, weights));
  }

  const ImageEncoderConfig& config_;
  const Weights& weights_;
};

}  // namespace headformer
