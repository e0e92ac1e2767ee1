#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/models/vision/image_encoder.hpp"
#include "headformer/models/vision/picture_positions.hpp"
#include "headformer/nn/embedding.hpp"
#include "headformer/nn/patch_embedding.hpp"

namespace headformer {

/// A picture's rows: learned ones, then its patches, with learned positions (Dosovitskiy et al. 2021,
/// https://arxiv.org/abs/2010.11929); registers between them have none (Darcet et al. 2023,
/// https://arxiv.org/abs/2309.16588).
struct ImageEmbeddings {
  PatchEmbedding patches;
  Tensor<float> leading;     // [tokens + registers + detections, D], positions added
  Tensor<float> mask_token;  // [1, D]; none
  std::optional<GridPositions> positions;

  HEADFORMER_COLD ImageEmbeddings(const ImageEncoderConfig& config, const Weights& weights)
      : patches({config.channels, config.window(), config.layers.front().norm.width, config.patch_bias}, weights),
        leading(Shape{config.leading(), config.layers.front().norm.width}) {
    const Index width = leading.size(1);
    const auto tokens = static_cast<Index>(config.tokens.size());
    Index row = 0;
    const auto add = [&](const std::string& name, Index rows) {
      const Tensor<float> learned = weights.table(name, Shape{rows, width});
      if (!weights.measuring()) std::copy_n(learned.data(), rows * width, leading.view().row(row));
      row += rows;
    };
    for (const std::string& token : config.tokens) add(token, 1);
    if (config.registers > 0) add("registers", config.registers);
    if (config.detections > 0) add("detections", config.detections);
    if (config.mask_token) mask_token = weights.table("mask_token", Shape{1, width});
    if (!config.learned_positions) return;
    const Shape shape{tokens + config.grid().count() + config.detections, width};
    const Tensor<float> table = weights.table("positions", shape);
    if (weights.measuring()) return;
    PicturePositions own = PicturePositions::of(config, table);
    for (Index i = 0; i < leading.count(); ++i) leading.data()[i] += own.leading.data()[i];
    positions.emplace(std::move(own.patches));
  }

  /// The pictures of the batch. Shapes: x [T, D].
  void operator()(Context& context, std::span<const ImageInput> inputs, TensorView<float> x) const {
    Scratch::Frame frame(context.scratch());
    PlacedPositions placed;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const BatchSequence& sequence = context.batch().sequences[i];
      const auto rows = x.slice_rows(sequence.first_row, sequence.first_row + sequence.rows);
      embed(context, inputs[i], sequence.grid, placed, rows, frame);
    }
  }

  /// Those of a grid, which the next picture may need again.
  struct PlacedPositions {
    Grid grid;
    TensorView<const float> rows;
  };

  /// One picture. Shapes: rows [tokens + registers + detections + patches, D].
  void embed(Context& context, const ImageInput& input, Grid grid, PlacedPositions& placed, TensorView<float> rows,
             Scratch::Frame& frame) const {
    if (positions && !(grid == placed.grid)) placed = {grid, positions->rows(context, grid, frame)};
    for (Index r = 0; r < leading.size(0); ++r) std::copy_n(leading.view().row(r), rows.columns(), rows.row(r));
    const auto places = rows.slice_rows(leading.size(0), rows.rows());
    patches(context, input.pixels, grid, places);
    replace_masked(input, mask_token, places);
    if (positions) kernels::add(context.compute(), places, placed.rows);
  }
};

}  // namespace headformer
