#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/models/encoders/head.hpp"
#include "headformer/models/vision/fusion_neck.hpp"

namespace headformer {

/// A head that looks at the fused maps of several layers (DPT, Ranftl et al. 2021, https://arxiv.org/abs/2103.13413).
/// `Top` makes its numbers of one picture's: top(context, x [places, E], grid, patches, y [top.places(), width]).
template <class Top>
class DenseHead final : public EncoderHead {
 public:
  FusionNeck neck;
  Top top;

  HEADFORMER_COLD DenseHead(const ImageEncoderConfig& config, const Weights& weights)
      : EncoderHead(Top::output(config)), neck(config, weights / "neck"), top(config, weights / "top") {}

  Grid map(Grid patches) const override { return top.places(neck.places(patches), patches); }
  Index rows(Index, Grid patches) const override { return map(patches).count(); }

  void operator()(Context& context, TensorView<const float> hidden, TensorView<float> y) const override {
    Index row = 0;
    for (const BatchSequence& picture : context.batch().sequences) {
      Scratch::Frame frame(context.scratch());
      const Grid grid = neck.places(picture.grid);
      const auto fused = frame.take_rows<float>(grid.count(), neck.config.fused);
      neck(context, hidden.slice_rows(picture.first_row, picture.first_row + picture.rows), picture.grid, fused);
      const Index count = map(picture.grid).count();
      top(context, fused, grid, picture.grid, y.slice_rows(row, row + count));
      row += count;
    }
  }
};

/// How far away every place is, or its inverse: three convolutions, the map brought to the picture's size after the
/// first one.
struct DepthTop {
  DensePredictionConfig config;
  Grid patch;
  std::optional<MapConvolution> projection;  // [E, 9E]
  MapConvolution first;                      // [E / 2, 9E]
  MapConvolution second;                     // [F, 9E / 2]
  Linear third;                              // [1, F]

  HEADFORMER_COLD DepthTop(const ImageEncoderConfig& c, const Weights& weights)
      : config(c.dense),
        patch(c.patch),
        first(MapConvolutionConfig::around(config.fused, config.fused / 2), weights / "first"),
        second(MapConvolutionConfig::around(config.fused / 2, config.head_width), weights / "second"),
        third({config.head_width, {{"third", 1}}, true}, weights) {
    if (config.projection)
      projection.emplace(MapConvolutionConfig::around(config.fused, config.fused), weights / "projection");
  }

  static EncoderOutput output(const ImageEncoderConfig&) {
    EncoderOutput result{{"predicted_depth"}, 1, true, true};
    result.patches = true;
    result.pixels = 1;
    return result;
  }

  Grid places(Grid fused, Grid patches) const {
    if (config.sized) return {patches.height * patch.height, patches.width * patch.width};
    return {2 * fused.height, 2 * fused.width};
  }

  void operator()(Context& context, TensorView<const float> x, Grid grid, Grid patches, TensorView<float> y) const {
    Scratch::Frame frame(context.scratch());
    const kernels::Activate relu{kernels::Activation::relu, context.compute().isa};
    if (projection) {
      const auto projected = frame.take_rows<float>(x.rows(), x.columns());
      (*projection)(context, x, grid, projected, relu);
      x = projected;
    }
    const auto half = frame.take_rows<float>(x.rows(), config.fused / 2);
    first(context, x, grid, half);
    const Grid wanted = places(grid, patches);
    const auto large = frame.take_rows<float>(wanted.count(), config.fused / 2);
    kernels::resample(context.compute(), kernels::Resampling::bilinear_corners, half, grid, large, wanted,
                      context.scratch());
    const auto made = frame.take_rows<float>(wanted.count(), config.head_width);
    second(context, large, wanted, made, relu);
    third(context, made, y, kernels::Activate{config.depth, context.compute().isa});
    if (config.greatest != 1) kernels::scale(context.compute(), y, config.greatest);
  }
};

/// The classes of every place.
struct ClassesTop {
  MapConvolution convolution;  // [E, 9E]
  BatchNorm norm;              // [E]
  Linear classifier;           // [labels, E]

  HEADFORMER_COLD ClassesTop(const ImageEncoderConfig& c, const Weights& weights)
      : convolution(MapConvolutionConfig::around(c.dense.fused, c.dense.fused, false), weights / "convolution"),
        norm(c.dense.fused, weights / "norm"),
        classifier({c.dense.fused, {{"output", c.labels}}, true}, weights) {}

  static EncoderOutput output(const ImageEncoderConfig& config) {
    EncoderOutput result{{"logits"}, config.labels, true};
    result.patches = true;
    result.pixels = 1;
    return result;
  }

  Grid places(Grid fused, Grid) const { return {2 * fused.height, 2 * fused.width}; }

  void operator()(Context& context, TensorView<const float> x, Grid grid, Grid patches, TensorView<float> y) const {
    Scratch::Frame frame(context.scratch());
    const kernels::Activate relu{kernels::Activation::relu, context.compute().isa};
    const auto made = frame.take_rows<float>(x.rows(), x.columns());
    convolution(context, x, grid, made, [&](TensorView<float> block, Index row, Index column) {
      norm(block, row, column);
      relu(block, row, column);
    });
    const auto small = frame.take_rows<float>(x.rows(), y.columns());
    classifier(context, made, small);
    kernels::resample(context.compute(), kernels::Resampling::bilinear_corners, small, grid, y, places(grid, patches),
                      context.scratch());
  }
};

/// Binds such heads below the names "neck" and "top".
HEADFORMER_COLD inline std::vector<std::unique_ptr<EncoderHead>> make_dense_heads(const ImageEncoderConfig& config,
                                                                                  const Weights& weights) {
  std::vector<std::unique_ptr<EncoderHead>> result;
  if (config.task == ImageTask::depth) {
    result.push_back(std::make_unique<DenseHead<DepthTop>>(config, weights));
  } else {
    result.push_back(std::make_unique<DenseHead<ClassesTop>>(config, weights));
  }
  return result;
}

}  // namespace headformer
