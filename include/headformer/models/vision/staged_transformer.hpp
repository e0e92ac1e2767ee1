#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "headformer/blocks/stack.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/models/vision/image_encoder.hpp"
#include "headformer/nn/feature_maps.hpp"
#include "headformer/nn/grid_positions.hpp"
#include "headformer/nn/norm.hpp"
#include "headformer/nn/patch_embedding.hpp"
#include "headformer/nn/patch_merging.hpp"

namespace headformer {

/// Layers in stages, between which patches are merged: a pyramid of feature maps (Swin). What is left over of a picture
/// or of a map is filled up with zeros.
template <Block Layer, class Heads>
class StagedTransformer final : public ImageEncoder {
 public:
  PatchEmbedding patches;
  LayerNorm patch_norm;      // [D0]
  Tensor<float> mask_token;  // [1, D0]; none
  std::optional<GridPositions> positions;
  std::deque<Stack<Layer>> stages;
  std::deque<PatchMerging> merging;  // after each stage but the last
  LayerNorm final_norm;              // [D]

  HEADFORMER_COLD StagedTransformer(ImageEncoderConfig c, const Weights& weights)
      : ImageEncoder(std::move(c)),
        patches({config().channels, config().window(), first_width(), true}, weights / "embedding"),
        patch_norm({first_width()}, weights / "embedding.norm"),
        final_norm(config().norm, weights / "final_norm") {
    const Weights embedding = weights / "embedding";
    if (config().mask_token) mask_token = embedding.table("mask_token", Shape{1, first_width()});
    if (config().learned_positions) {
      const Grid grid = places(config().picture);
      positions.emplace(
          GridPositions{embedding.table("positions", Shape{grid.count(), first_width()}), grid, config().resampling});
    }
    auto layer = config().layers.begin();
    for (std::size_t i = 0; i < config().depths.size(); ++i) {
      const Weights stage = weights / ("stages." + std::to_string(i));
      const std::vector<LayerConfig> own(layer, layer + config().depths[i]);
      layer += config().depths[i];
      stages.emplace_back(own, stage);
      if (i + 1 < config().depths.size()) merging.emplace_back(own.front().norm.width, stage / "merging");
    }
    set_heads(Heads(config(), weights).make());
    weights.finish();
    set_report(weights.report());
  }

  Grid output_grid(Grid grid) const override {
    for (std::size_t i = 0; i < merging.size(); ++i) grid = PatchMerging::merged(grid);
    return grid;
  }

 private:
  Index first_width() const { return config().layers.front().norm.width; }

  Grid places(Grid picture) const override {
    const Grid patch = config().patch;
    return {(picture.height + patch.height - 1) / patch.height, (picture.width + patch.width - 1) / patch.width};
  }

  void run(Context& context, std::span<const ImageInput> inputs, TensorView<float> hidden) const override {
    Scratch::Frame frame(context.scratch());
    std::vector<Grid> grids;
    for (const ImageInput& input : inputs) grids.push_back(grid(input));
    Batch maps = maps_of(grids);
    auto x = frame.take_rows<float>(maps.rows(), first_width());
    embed(context, inputs, maps, x);
    for (std::size_t i = 0; i < stages.size(); ++i) {
      run_stage(context, stages[i], maps, x);
      if (context.observer != nullptr) (*context.observer)("stages." + std::to_string(i), x);
      if (i == merging.size()) break;
      for (Grid& map : grids) map = PatchMerging::merged(map);
      Batch merged = maps_of(grids);
      const auto y = frame.take_rows<float>(merged.rows(), 2 * x.columns());
      merging[i](context, maps, x, merged, y);
      maps = std::move(merged);
      x = y;
    }
    final_norm(context, x, hidden);
  }

  static void run_stage(Context& context, const Stack<Layer>& stage, const Batch& maps, TensorView<float> x) {
    Context inside(context.compute(), context.scratch(), context.scratch(), maps);
    stage(inside, x);
  }

  void embed(Context& context, std::span<const ImageInput> inputs, const Batch& maps, TensorView<float> x) const {
    Scratch::Frame frame(context.scratch());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const BatchSequence& map = maps.sequences[i];
      const auto rows = x.slice_rows(map.first_row, map.first_row + map.rows);
      patches(context, inputs[i].pixels, map.grid, rows);
      patch_norm(context, rows, rows);
      replace_masked(inputs[i], mask_token, rows);
      if (positions) kernels::add(context.compute(), rows, positions->rows(context, map.grid, frame));
    }
  }
};

}  // namespace headformer
