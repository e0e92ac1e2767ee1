#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/models/encoders/heads.hpp"
#include "headformer/models/vision/config.hpp"

namespace headformer {

/// The hidden states in the reference's order, in which the rows that find things come after the patches.
class DetectingHiddenStates final : public EncoderHead {
 public:
  explicit DetectingHiddenStates(const ImageEncoderConfig& config)
      : EncoderHead({{"last_hidden_state"}, config.width, true}),
        tokens_(config.leading() - config.detections),
        detections_(config.detections) {}

  void operator()(Context& context, TensorView<const float> hidden, TensorView<float> y) const override {
    for (const BatchSequence& picture : context.batch().sequences) {
      Index to = picture.first_row;
      const auto copy = [&](Index begin, Index end) {
        for (Index r = begin; r < end; ++r) std::copy_n(hidden.row(picture.first_row + r), y.columns(), y.row(to++));
      };
      copy(0, tokens_);
      copy(tokens_ + detections_, picture.rows);
      copy(tokens_, tokens_ + detections_);
    }
  }

 private:
  Index tokens_;
  Index detections_;
};

/// What a small network says of each row that finds a thing: relu between its matrices, an activation after the last
/// (DETR, Carion et al. 2020, https://arxiv.org/abs/2005.12872).
class DetectionHead final : public EncoderHead {
 public:
  std::deque<Linear> layers;  // [D, D] each, the last [outputs, D]
  kernels::Activation last;

  HEADFORMER_COLD DetectionHead(std::string name, const ImageEncoderConfig& config, Index outputs,
                                kernels::Activation activation, const Weights& weights)
      : EncoderHead(output_of(std::move(name), config.detections, outputs)),
        last(activation),
        first_(config.leading() - config.detections),
        detections_(config.detections) {
    constexpr Index count = 3;
    for (Index i = 0; i < count; ++i)
      layers.emplace_back(LinearConfig{config.width, {{"", i + 1 < count ? config.width : outputs}}, true},
                          weights.layer(i));
  }

  void operator()(Context& context, TensorView<const float> hidden, TensorView<float> y) const override {
    Scratch::Frame frame(context.scratch());
    const Index width = hidden.columns();
    auto from = frame.take_rows<float>(y.rows() * detections_, width);
    auto to = frame.take_rows<float>(from.rows(), width);
    for (Index r = 0; r < from.rows(); ++r) {
      const BatchSequence& picture = context.batch().sequences[static_cast<std::size_t>(r / detections_)];
      std::copy_n(hidden.row(picture.first_row + first_ + r % detections_), width, from.row(r));
    }
    for (std::size_t i = 0; i + 1 < layers.size(); ++i) {
      layers[i](context, from, to, kernels::Activate{kernels::Activation::relu, context.compute().isa});
      std::swap(from, to);
    }
    for (Index i = 0; i < y.rows(); ++i) {
      const TensorView<float> found(y.row(i), Shape{detections_, layers.back().outputs()});
      layers.back()(context, from.slice_rows(i * detections_, (i + 1) * detections_), found,
                    kernels::Activate{last, context.compute().isa});
    }
  }

 private:
  static EncoderOutput output_of(std::string name, Index detections, Index outputs) {
    EncoderOutput result{{std::move(name)}, detections * outputs};
    result.rows = detections;
    return result;
  }

  Index first_;
  Index detections_;
};

/// Binds heads below the names "pooler", "classes" and "boxes". Of the classes the last one is none.
class DetectionHeads {
 public:
  DetectionHeads(const ImageEncoderConfig& config, const Weights& weights) : config_(config), weights_(weights) {}

  HEADFORMER_COLD std::vector<std::unique_ptr<EncoderHead>> make() const {
    std::vector<std::unique_ptr<EncoderHead>> result;
    result.push_back(std::make_unique<DetectingHiddenStates>(config_));
    if (config_.task == ImageTask::detection) {
      result.push_back(std::make_unique<DetectionHead>("logits", config_, config_.labels + 1,
                                                       kernels::Activation::identity, weights_ / "classes"));
      result.push_back(
          std::make_unique<DetectionHead>("pred_boxes", config_, 4, kernels::Activation::sigmoid, weights_ / "boxes"));
    } else {
      result.push_back(std::make_unique<PoolerHead<>>(config_.width, config_.pooler, weights_ / "pooler"));
    }
    return result;
  }

 private:
  const ImageEncoderConfig& config_;
  const Weights& weights_;
};

}  // namespace headformer
