#pragma once

#include <algorithm>
#include <optional>

#include "headformer/core/cold.hpp"
#include "headformer/kernels/activation.hpp"
#include "headformer/models/vision/config.hpp"
#include "headformer/nn/map_convolution.hpp"
#include "headformer/nn/transposed_convolution.hpp"

namespace headformer {

/// A picture's rows as a map of one width and of the size that the neck wants of this level (DPT's reassemble, Ranftl
/// et al. 2021, https://arxiv.org/abs/2103.13413). x [1 + places, D] -> y [places of the level, C].
struct Reassembly {
  DensePredictionConfig config;
  std::optional<Linear> readout;               // [D, 2D]
  Linear projection;                           // [C, D]
  std::optional<TransposedConvolution> grown;  // of a level that is larger than the patches' map
  std::optional<MapConvolution> shrunk;        // of one that is smaller

  HEADFORMER_COLD Reassembly(const ImageEncoderConfig& c, std::size_t level, const Weights& weights)
      : config(c.dense), projection({inputs(c), {{"projection", c.dense.widths[level]}}, true}, weights) {
    const Index width = config.widths[level];
    const double factor = config.factors[level];
    if (config.readout == Readout::project)
      readout.emplace(LinearConfig{2 * inputs(c), {{"readout", inputs(c)}}, true}, weights);
    if (factor > 1) grown.emplace(width, width, static_cast<Index>(factor), weights / "resize");
    if (factor < 1) {
      const auto stride = static_cast<Index>(1 / factor);
      shrunk.emplace(MapConvolutionConfig{width, width, {{3, 3}, {stride, stride}, {1, 1}}}, weights / "resize");
    }
  }

  /// The level's map, of the patches'.
  Grid places(Grid grid) const {
    if (grown) return {grid.height * grown->side, grid.width * grown->side};
    return shrunk ? shrunk->window.places(grid) : grid;
  }

  void operator()(Context& context, TensorView<const float> x, Grid grid, TensorView<float> y) const {
    Scratch::Frame frame(context.scratch());
    const auto map = frame.take_rows<float>(grid.count(), y.columns());
    const bool resized = grown || shrunk;
    projection(context, read_out(context, x, frame), resized ? map : y);
    if (grown) (*grown)(context, map, grid, y);
    if (shrunk) (*shrunk)(context, map, grid, y);
  }

 private:
  /// D, the width of the layers.
  static Index inputs(const ImageEncoderConfig& config) { return config.layers.front().norm.width; }

  /// The places' rows, with what they are told by the class token. Shapes: -> [places, D].
  TensorView<const float> read_out(Context& context, TensorView<const float> x, Scratch::Frame& frame) const {
    const auto places = x.slice_rows(1, x.rows());
    if (config.readout == Readout::ignore) return places;
    const Index width = x.columns();
    const auto result = frame.take_rows<float>(places.rows(), width);
    if (config.readout == Readout::add) {
      for (Index r = 0; r < places.rows(); ++r) {
        for (Index c = 0; c < width; ++c) result.row(r)[c] = places.row(r)[c] + x.row(0)[c];
      }
      return result;
    }
    const auto both = frame.take_rows<float>(places.rows(), 2 * width);
    for (Index r = 0; r < places.rows(); ++r) {
      std::copy_n(places.row(r), width, both.row(r));
      std::copy_n(x.row(0), width, both.row(r) + width);
    }
    (*readout)(context, both, result, kernels::Activate{config.readout_activation, context.compute().isa});
    return result;
  }
};

}  // namespace headformer
