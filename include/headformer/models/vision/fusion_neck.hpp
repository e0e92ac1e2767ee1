#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <string>

#include "headformer/core/cold.hpp"
#include "headformer/kernels/activation.hpp"
#include "headformer/kernels/elementwise.hpp"
#include "headformer/kernels/resample.hpp"
#include "headformer/models/vision/config.hpp"
#include "headformer/nn/batch_norm.hpp"
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

/// Two convolutions beside a sum, each after a relu (pre-activation, He et al. 2016, https://arxiv.org/abs/1603.05027).
/// x [places, E] in place.
struct ResidualUnit {
  MapConvolution first;   // [E, 9E]
  MapConvolution second;  // [E, 9E]
  std::optional<BatchNorm> first_norm;
  std::optional<BatchNorm> second_norm;

  HEADFORMER_COLD ResidualUnit(const DensePredictionConfig& c, const Weights& weights)
      : first(MapConvolutionConfig::around(c.fused, c.fused, c.residual_bias), weights / "first"),
        second(MapConvolutionConfig::around(c.fused, c.fused, c.residual_bias), weights / "second") {
    if (!c.batch_norm) return;
    first_norm.emplace(c.fused, weights / "first_norm");
    second_norm.emplace(c.fused, weights / "second_norm");
  }

  void operator()(Context& context, TensorView<float> x, Grid grid) const {
    Scratch::Frame frame(context.scratch());
    const auto seen = frame.take_rows<float>(x.rows(), x.columns());
    const auto made = frame.take_rows<float>(x.rows(), x.columns());
    for (Index r = 0; r < x.rows(); ++r) std::copy_n(x.row(r), x.columns(), seen.row(r));
    kernels::activate(context.compute(), kernels::Activation::relu, seen);
    const kernels::Activate relu{kernels::Activation::relu, context.compute().isa};
    const auto normed = [&](TensorView<float> block, Index row, Index column) {
      if (first_norm) (*first_norm)(block, row, column);
      relu(block, row, column);
    };
    first(context, seen, grid, made, normed);
    if (!second_norm) return second.add(context, made, grid, x);
    second(context, made, grid, seen, *second_norm);
    kernels::add(context.compute(), x, seen);
  }
};

/// Maps of several layers become one, from the smallest to the largest (DPT; RefineNet, Lin et al. 2016,
/// https://arxiv.org/abs/1611.06612).
struct FusionNeck {
  /// What is done at one level, the last of the layers' first.
  struct Level {
    std::optional<ResidualUnit> beside;  // for the level's own map; none of the first
    ResidualUnit unit;
    Linear projection;  // [E, E]
  };

  DensePredictionConfig config;
  std::deque<Reassembly> levels;
  std::deque<MapConvolution> convolutions;  // [E, 9C] each
  std::deque<Level> fusion;

  HEADFORMER_COLD FusionNeck(const ImageEncoderConfig& c, const Weights& weights) : config(c.dense) {
    for (std::size_t i = 0; i < config.widths.size(); ++i) {
      levels.emplace_back(c, i, weights / ("levels." + std::to_string(i)));
      convolutions.emplace_back(MapConvolutionConfig::around(config.widths[i], config.fused, false),
                                weights / ("convolutions." + std::to_string(i)));
    }
    for (std::size_t i = 0; i < config.widths.size(); ++i) {
      const Weights level = weights / ("fusion." + std::to_string(i));
      fusion.emplace_back(Level{std::nullopt, ResidualUnit(config, level / "unit"),
                                Linear({config.fused, {{"projection", config.fused}}, true}, level)});
      if (i > 0) fusion.back().beside.emplace(config, level / "beside");
    }
  }

  /// The map that the head looks at, of the patches'.
  Grid places(Grid patches) const {
    Grid grid = own(patches, 0);
    for (std::size_t i = 0; i <= config.looked_at; ++i) grid = next(patches, i, grid);
    return grid;
  }

  /// Shapes: taps [1 + patches, the layers' rows side by side] -> y [places(patches), E].
  void operator()(Context& context, TensorView<const float> taps, Grid patches, TensorView<float> y) const {
    const Index width = taps.columns() / static_cast<Index>(levels.size());
    Scratch::Frame memory(context.scratch());
    TensorView<const float> before;
    Grid grid = own(patches, 0);
    for (std::size_t i = 0; i <= config.looked_at; ++i) {
      const Grid wanted = next(patches, i, grid);
      const auto fused = i == config.looked_at ? y : memory.take_rows<float>(wanted.count(), config.fused);
      Scratch::Frame frame(context.scratch());
      const auto x = frame.take_rows<float>(grid.count(), config.fused);
      const Index tap = static_cast<Index>(levels.size() - 1 - i);
      const auto rows = taps.slice_columns(tap * width, (tap + 1) * width);
      if (i == 0) {
        reassemble(context, i, rows, patches, grid, x);
      } else {
        join(context, i, rows, patches, grid, x);
        kernels::add(context.compute(), x, before);
      }
      fusion[i].unit(context, x, grid);
      // The projection of what is blended is the blend of what is projected, of a quarter of the places.
      const auto projected = frame.take_rows<float>(x.rows(), config.fused);
      fusion[i].projection(context, x, projected);
      kernels::resample(context.compute(), kernels::Resampling::bilinear_corners, projected, grid, fused, wanted,
                        context.scratch());
      before = fused;
      grid = wanted;
    }
  }

 private:
  /// The size of the level that is fused i-th.
  Grid own(Grid patches, std::size_t i) const { return levels[levels.size() - 1 - i].places(patches); }
  /// The size that the i-th fused map, of `grid`, is brought to.
  Grid next(Grid patches, std::size_t i, Grid grid) const {
    if (config.sized && i + 1 < levels.size()) return own(patches, i + 1);
    return {2 * grid.height, 2 * grid.width};
  }

  /// The i-th level's own map, in the fused width.
  void reassemble(Context& context, std::size_t i, TensorView<const float> rows, Grid patches, Grid grid,
                  TensorView<float> y) const {
    Scratch::Frame frame(context.scratch());
    const std::size_t level = levels.size() - 1 - i;
    const auto map = frame.take_rows<float>(grid.count(), config.widths[level]);
    levels[level](context, rows, patches, map);
    convolutions[level](context, map, grid, y);
  }

  /// The same at the size of what is fused already, through its residual unit.
  void join(Context& context, std::size_t i, TensorView<const float> rows, Grid patches, Grid grid,
            TensorView<float> y) const {
    const Grid size = own(patches, i);
    if (size == grid) {
      reassemble(context, i, rows, patches, size, y);
    } else {
      Scratch::Frame frame(context.scratch());
      const auto map = frame.take_rows<float>(size.count(), config.fused);
      reassemble(context, i, rows, patches, size, map);
      kernels::resample(context.compute(), kernels::Resampling::bilinear, map, size, y, grid, context.scratch());
    }
    (*fusion[i].beside)(context, y, grid);
  }
};

}  // namespace headformer
