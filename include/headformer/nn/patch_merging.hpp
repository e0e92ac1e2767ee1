#pragma once

#include <algorithm>

#include "headformer/core/cold.hpp"
#include "headformer/core/grid.hpp"
#include "headformer/nn/linear.hpp"
#include "headformer/nn/norm.hpp"

namespace headformer {

/// Four neighbours of a feature map become one of twice the width (Liu et al. 2021, https://arxiv.org/abs/2103.14030).
/// Beyond an odd edge there are zeros. x [sum of places, D] -> y [sum of merged places, 2D].
struct PatchMerging {
  LayerNorm norm;    // [4D]
  Linear reduction;  // [2D, 4D]

  HEADFORMER_COLD PatchMerging(Index width, const Weights& weights)
      : norm({4 * width}, weights / "norm"), reduction({4 * width, {{"reduction", 2 * width}}}, weights) {}

  static Grid merged(Grid grid) { return {(grid.height + 1) / 2, (grid.width + 1) / 2}; }

  /// The maps that x holds, and the merged ones of y.
  void operator()(Context& context, const Batch& from, TensorView<const float> x, const Batch& to,
                  TensorView<float> y) const {
    Scratch::Frame frame(context.scratch());
    const Index width = x.columns();
    const auto rows = frame.take_rows<float>(y.rows(), 4 * width);
    for (std::size_t i = 0; i < to.sequences.size(); ++i) {
      const BatchSequence& map = from.sequences[i];
      const Grid grid = to.sequences[i].grid;
      parallel_for(context.compute().executor, grid.count(), 8, [&](Index begin, Index end) {
        for (Index place = begin; place < end; ++place) {
          float* out = rows.row(to.sequences[i].first_row + place);
          for (const Index column : {Index{0}, Index{1}}) {
            for (const Index row : {Index{0}, Index{1}}) {
              const Index at_y = 2 * (place / grid.width) + row;
              const Index at_x = 2 * (place % grid.width) + column;
              if (at_y < map.grid.height && at_x < map.grid.width) {
                std::copy_n(x.row(map.first_row + at_y * map.grid.width + at_x), width, out);
              } else {
                std::fill_n(out, width, 0.0F);
              }
              out += width;
            }
          }
        }
      });
    }
    norm(context, rows, rows);
    reduction(context, rows, y);
  }
};

}  // namespace headformer
