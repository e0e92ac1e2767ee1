#pragma once

#include <algorithm>

#include "headformer/core/cold.hpp"
#include "headformer/models/vision/config.hpp"
#include "headformer/nn/grid_positions.hpp"

namespace headformer {

/// A learned row for each row of a picture: those before the patches, and a grid of them.
struct PicturePositions {
  Tensor<float> leading;  // [tokens + registers + detections, D]; zeros for registers, which have none
  GridPositions patches;

  /// Stored in the reference's order: tokens, patches, detections. Shapes: table [tokens + patches + detections, D].
  HEADFORMER_COLD static PicturePositions of(const ImageEncoderConfig& config, TensorView<const float> table) {
    const Index width = table.columns();
    const auto tokens = static_cast<Index>(config.tokens.size());
    const Grid grid = config.grid();
    PicturePositions result{Tensor<float>(Shape{config.leading(), width}),
                            {Tensor<float>(Shape{grid.count(), width}), grid, config.resampling}};
    std::copy_n(table.data(), tokens * width, result.leading.data());
    std::copy_n(table.row(tokens), grid.count() * width, result.patches.table.data());
    std::copy_n(table.row(tokens + grid.count()), config.detections * width,
                result.leading.data() + (tokens + config.registers) * width);
    return result;
  }
};

}  // namespace headformer
