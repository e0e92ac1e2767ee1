#pragma once

#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/kernels/elementwise.hpp"
#include "headformer/kernels/resample.hpp"
#include "headformer/nn/context.hpp"

namespace headformer {

/// A learned row for each place of a grid, resampled for grids of other sizes.
struct GridPositions {
  Tensor<float> table;  // [places of the grid, D]
  Grid grid;
  kernels::Resampling resampling = kernels::Resampling::bicubic;

  /// Rows of a grid of any size, in the table or in memory of the frame. Shapes: -> [places of `wanted`, D].
  TensorView<const float> rows(Context& context, Grid wanted, Scratch::Frame& frame) const {
    if (wanted == grid) return table.view();
    const auto resized = frame.take_rows<float>(wanted.count(), table.size(1));
    kernels::resample(context.compute(), resampling, table.view(), grid, resized, wanted, context.scratch());
    return resized;
  }
};

}  // namespace headformer
