#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "headformer/blocks/pre_norm_block.hpp"
#include "headformer/blocks/stack.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/models/vision/image_encoder.hpp"
#include "headformer/models/vision/image_heads.hpp"
#include "headformer/models/vision/segmentation_head.hpp"
#include "headformer/nn/feature_maps.hpp"
#include "headformer/nn/mix_feed_forward.hpp"
#include "headformer/nn/patch_embedding.hpp"
#include "headformer/nn/reduced_attention.hpp"

namespace headformer {

/// Stages of overlapping patches and layers between which maps get smaller (MiT, Xie et al. 2021,
/// https://arxiv.org/abs/2105.15203). Its hidden states are the last stage's; of a class for segmentation all stages'
/// maps side by side, the last first, at the first one's places.
class MixTransformer final : public ImageEncoder {
 public:
  using Layer = PreNormBlock<LayerNorm, ReducedAttention, MixFeedForward>;
  struct Stage {
    LayerNorm patch_norm;  // [D]
    Stack<Layer> layers;
    LayerNorm norm;  // [D]
  };

  PatchEmbedding patches;
  std::deque<MapConvolution> merging;  // before each stage but the first
  std::deque<Stage> stages;
  std::deque<Linear> projections;  // [E, D of the stage]; of a class for segmentation

  HEADFORMER_COLD MixTransformer(ImageEncoderConfig c, const Weights& weights)
      : ImageEncoder(std::move(c)),
        patches({config().channels, config().stages.front().window, config().stages.front().outputs, true},
                weights / "embedding") {
    auto layer = config().layers.begin();
    for (std::size_t i = 0; i < config().stages.size(); ++i) {
      const Weights stage = weights / ("stages." + std::to_string(i));
      const std::vector<LayerConfig> own(layer, layer + config().depths[i]);
      layer += config().depths[i];
      if (i > 0) merging.emplace_back(config().stages[i], stage / "embedding.patches");
      const NormConfig norm = own.front().norm;
      stages.emplace_back(
          Stage{LayerNorm(norm, stage / "embedding.norm"), Stack<Layer>(own, stage), LayerNorm(norm, stage / "norm")});
      if (segments()) projections.emplace_back(LinearConfig{norm.width, {{"projection", projected()}}, true}, stage);
    }
    set_heads(heads(weights));
    weights.finish();
    set_report(weights.report());
  }

  Grid output_grid(Grid grid) const override {
    if (segments()) return grid;
    for (const MapConvolution& merge : merging) grid = merge.window.places(grid);
    return grid;
  }

 private:
  bool segments() const { return config().task == ImageTask::segmentation; }
  /// E, what every stage's map is brought to.
  Index projected() const { return config().width / static_cast<Index>(config().stages.size()); }

  HEADFORMER_COLD std::vector<std::unique_ptr<EncoderHead>> heads(const Weights& weights) const {
    std::vector<std::unique_ptr<EncoderHead>> result;
    if (!segments()) return ImageHeads<PoolerHead<NoTransform>>(config(), weights).make();
    result.push_back(
        std::make_unique<SegmentationHead>(config().width, projected(), config().labels, weights / "segmentation"));
    return result;
  }

  /// Throws ArgumentError for a picture of which a stage leaves less than its keys need.
  Grid places(Grid picture) const override {
    const Grid first = patches.window.places(picture);
    Grid grid = first;
    auto layer = config().layers.begin();
    for (std::size_t i = 0; i < stages.size(); ++i) {
      if (i > 0) grid = merging[i - 1].window.places(grid);
      const Grid needed = ReducedAttention::window(layer->attention).size;
      if (grid.height < needed.height || grid.width < needed.width)
        throw ArgumentError("pixel_values: expected pictures that leave a map of at least " + to_string(needed) +
                            " to stage " + std::to_string(i) + ", found " + to_string(grid) + " of " +
                            to_string(picture));
      layer += config().depths[i];
    }
    return first;
  }

  void run(Context& context, std::span<const ImageInput> inputs, TensorView<float> hidden) const override {
    Scratch::Frame frame(context.scratch());
    std::vector<Grid> grids;
    for (const ImageInput& input : inputs) grids.push_back(grid(input));
    const Batch first = maps_of(grids);
    Batch maps = first;
    TensorView<float> x = frame.take_rows<float>(maps.rows(), config().stages.front().outputs);
    for (std::size_t i = 0; i < inputs.size(); ++i)
      patches(context, inputs[i].pixels, grids[i], rows_of(x, maps.sequences[i]));
    for (std::size_t i = 0; i < stages.size(); ++i) {
      if (i > 0) x = merge(context, merging[i - 1], config().stages[i].outputs, maps, x, frame);
      const auto normed = frame.take_rows<float>(x.rows(), x.columns());
      Context inside(context.compute(), context.scratch(), context.scratch(), maps);
      stages[i].patch_norm(inside, x, x);
      stages[i].layers(inside, x);
      stages[i].norm(inside, x, normed);
      x = normed;
      if (context.observer != nullptr) (*context.observer)("stages." + std::to_string(i), x);
      if (segments()) project(context, i, maps, x, first, hidden);
    }
    if (segments()) return;
    for (Index r = 0; r < x.rows(); ++r) std::copy_n(x.row(r), x.columns(), hidden.row(r));
  }

  static TensorView<float> rows_of(TensorView<float> x, const BatchSequence& map) {
    return x.slice_rows(map.first_row, map.first_row + map.rows);
  }

  /// The next stage's maps, which `maps` then are. Shapes: -> [places, width].
  static TensorView<float> merge(Context& context, const MapConvolution& convolution, Index width, Batch& maps,
                                 TensorView<float> x, Scratch::Frame& frame) {
    Batch merged = maps_through(maps, convolution.window);
    const auto y = frame.take_rows<float>(merged.rows(), width);
    for (std::size_t i = 0; i < maps.sequences.size(); ++i)
      convolution(context, rows_of(x, maps.sequences[i]), maps.sequences[i].grid, rows_of(y, merged.sequences[i]));
    maps = std::move(merged);
    return y;
  }

  /// A stage's maps into their columns of the hidden states.
  void project(Context& context, std::size_t stage, const Batch& maps, TensorView<float> x, const Batch& first,
               TensorView<float> hidden) const {
    Scratch::Frame frame(context.scratch());
    const auto narrow = frame.take_rows<float>(x.rows(), projected());
    projections[stage](context, x, narrow);
    const Index column = static_cast<Index>(stages.size() - 1 - stage) * projected();
    const auto columns = hidden.slice_columns(column, column + projected());
    for (std::size_t i = 0; i < maps.sequences.size(); ++i)
      kernels::resample(context.compute(), kernels::Resampling::bilinear, rows_of(narrow, maps.sequences[i]),
                        maps.sequences[i].grid, rows_of(columns, first.sequences[i]), first.sequences[i].grid,
                        context.scratch());
  }
};

}  // namespace headformer
