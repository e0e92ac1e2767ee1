#pragma once

#include <deque>
#include <optional>
#include <string>

#include "headformer/core/cold.hpp"
#include "headformer/kernels/elementwise.hpp"
#include "headformer/kernels/resample.hpp"
#include "headformer/models/vision/reassembly.hpp"
#include "headformer/models/vision/residual_unit.hpp"

namespace headformer {

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
