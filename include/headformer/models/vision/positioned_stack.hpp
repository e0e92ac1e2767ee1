#pragma once

#include <string>
#include <vector>

#include "headformer/blocks/stack.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/models/vision/picture_positions.hpp"

namespace headformer {

/// Layers of pictures, with positions that are added after each but the last where the config has them (YOLOS, Fang et
/// al. 2021, https://arxiv.org/abs/2106.00666). x [T, D] in place.
template <Block Layer>
struct PositionedStack {
  Stack<Layer> stack;
  std::vector<PicturePositions> positions;  // after each layer but the last; none

  HEADFORMER_COLD PositionedStack(const ImageEncoderConfig& config, const Weights& weights)
      : stack(config.layers, weights) {
    const auto count = static_cast<Index>(config.layers.size()) - 1;
    if (!config.layer_positions || count == 0) return;
    const Index rows = static_cast<Index>(config.tokens.size()) + config.grid().count() + config.detections;
    const Tensor<float> all = weights.table("layer_positions", Shape{count, rows, config.width});
    if (weights.measuring()) return;
    for (Index i = 0; i < count; ++i)
      positions.push_back(PicturePositions::of(config, {all.view().row(i), Shape{rows, config.width}}));
  }

  void operator()(Context& context, TensorView<float> x) const {
    for (std::size_t i = 0; i < stack.layers.size(); ++i) {
      stack.layers[i](context, x);
      if (i < positions.size()) add(context, positions[i], x);
      if (context.observer != nullptr) (*context.observer)("layers." + std::to_string(i), x);
    }
  }

 private:
  static void add(Context& context, const PicturePositions& positions, TensorView<float> x) {
    Scratch::Frame frame(context.scratch());
    Grid grid;
    TensorView<const float> patches;
    for (const BatchSequence& picture : context.batch().sequences) {
      if (patches.data() == nullptr || !(picture.grid == grid))
        patches = positions.patches.rows(context, grid = picture.grid, frame);
      const Index first = picture.first_row + positions.leading.size(0);
      kernels::add(context.compute(), x.slice_rows(picture.first_row, first), positions.leading.view());
      kernels::add(context.compute(), x.slice_rows(first, picture.first_row + picture.rows), patches);
    }
  }
};

}  // namespace headformer
