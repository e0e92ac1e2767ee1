#pragma once

#include <algorithm>
#include <cstring>

#include "headformer/core/cold.hpp"
#include "headformer/core/grid.hpp"
#include "headformer/nn/linear.hpp"

namespace headformer {

/// A transposed convolution whose windows lie side by side: every place of a map becomes a square of places. C inputs,
/// D outputs, S the square's side. x [places of a map, C] -> y [S * S times as many, D].
struct TransposedConvolution {
  Index side;
  Linear convolution;  // [S * S * D, C]

  HEADFORMER_COLD TransposedConvolution(Index inputs, Index outputs, Index s, const Weights& weights)
      : side(s), convolution(bind(inputs, outputs, s, weights)) {}

  /// `grid`: of x.
  void operator()(Context& context, TensorView<const float> x, Grid grid, TensorView<float> y) const {
    Scratch::Frame frame(context.scratch());
    const auto squares = frame.take_rows<float>(x.rows(), convolution.outputs());
    convolution(context, x, squares);
    const Index width = y.columns();
    parallel_for(context.compute().executor, y.rows(), 16, [&](Index begin, Index end) {
      for (Index r = begin; r < end; ++r) {
        const Index row = r / (grid.width * side);
        const Index column = r % (grid.width * side);
        const Index within = row % side * side + column % side;
        std::copy_n(squares.row(row / side * grid.width + column / side) + within * width, width, y.row(r));
      }
    });
  }

 private:
  /// Stored [C, D, S, S]; a square's places become outputs one after another.
  HEADFORMER_COLD static Linear bind(Index inputs, Index outputs, Index side, const Weights& weights) {
    const Tensor<float> stored = weights.table("weight", Shape{inputs, outputs, side, side});
    const Tensor<float> bias = weights.vector("bias", outputs);
    if (weights.measuring()) return Linear::over({});
    const Index places = side * side;
    const auto row = [&](Index r, std::byte* buffer) -> const std::byte* {
      for (Index i = 0; i < inputs; ++i) {
        const float* const from = stored.data() + (i * outputs + r % outputs) * places + r / outputs;
        std::memcpy(buffer + static_cast<std::size_t>(i) * sizeof(float), from, sizeof(float));
      }
      return buffer;
    };
    Tensor<float> repeated(Shape{places * outputs});
    for (Index i = 0; i < repeated.count(); ++i) repeated.data()[i] = bias.data()[i % outputs];
    return Linear::over(kernels::PackedMatrix::pack(weights.executor(), DType::f32, places * outputs, inputs, row),
                        std::move(repeated));
  }
};

}  // namespace headformer
