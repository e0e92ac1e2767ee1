#pragma once

#include <algorithm>

#include "headformer/core/cold.hpp"
#include "headformer/kernels/patches.hpp"
#include "headformer/nn/linear.hpp"

namespace headformer {

/// A convolution over feature maps. C inputs, D outputs, P places of a window.
struct MapConvolutionConfig {
  Index inputs = 0;   ///< C
  Index outputs = 0;  ///< D
  kernels::PatchWindow window{{1, 1}, {1, 1}};
  bool bias = true;

  /// A window of 3x3 around each place: a map of the same size.
  static MapConvolutionConfig around(Index inputs, Index outputs, bool bias = true) {
    return {inputs, outputs, {{3, 3}, {1, 1}, {1, 1}}, bias};
  }
};

/// A convolution over one feature map: the product of what a window sees at its places and the weights, some places at
/// a time, so that what they see stays in the cache. x [places of a map, C] -> y [places of the window, D].
struct MapConvolution {
  kernels::PatchWindow window;
  Linear convolution;  // [D, P * C]

  HEADFORMER_COLD MapConvolution(const MapConvolutionConfig& c, const Weights& weights)
      : window(c.window), convolution({c.inputs * c.window.size.count(), {{"", c.outputs}}, c.bias}, weights) {}

  /// `grid`: of x. The window fits on it at least once.
  void operator()(Context& context, TensorView<const float> x, Grid grid, TensorView<float> y) const {
    apply(context, x, grid, y,
          [&](TensorView<const float> seen, TensorView<float> to, Index) { convolution(context, seen, to); });
  }
  /// The same, then `after` on each finished block of y.
  void operator()(Context& context, TensorView<const float> x, Grid grid, TensorView<float> y,
                  const kernels::Epilogue& after) const {
    apply(context, x, grid, y, [&](TensorView<const float> seen, TensorView<float> to, Index first) {
      const auto moved = [&](TensorView<float> block, Index row, Index column) { after(block, first + row, column); };
      convolution(context, seen, to, moved);
    });
  }
  /// sum += convolution(x). Shapes: sum [places of the window, D].
  void add(Context& context, TensorView<const float> x, Grid grid, TensorView<float> sum) const {
    apply(context, x, grid, sum,
          [&](TensorView<const float> seen, TensorView<float> to, Index) { convolution.add(context, seen, to); });
  }

 private:
  template <class Multiply>
  void apply(Context& context, TensorView<const float> x, Grid grid, TensorView<float> y,
             const Multiply& multiply) const {
    if (window.size.count() == 1 && window.stride.count() == 1) return multiply(x, y, 0);
    constexpr Index numbers = Index{1} << 19;
    const Index width = window.size.count() * x.columns();
    const Index at_once = std::clamp<Index>(numbers / width, 64, std::max<Index>(64, y.rows()));
    const Grid places = window.places(grid);
    Scratch::Frame frame(context.scratch());
    const auto seen = frame.take_rows<float>(std::min(at_once, y.rows()), width);
    for (Index first = 0; first < y.rows(); first += at_once) {
      const Index count = std::min(at_once, y.rows() - first);
      const auto rows = seen.slice_rows(0, count);
      kernels::gather_windows(context.compute(), x, grid, window, places, first, rows);
      multiply(TensorView<const float>(rows), y.slice_rows(first, first + count), first);
    }
  }
};

}  // namespace headformer
