#pragma once

#include <algorithm>

#include "headformer/core/cold.hpp"
#include "headformer/kernels/activation.hpp"
#include "headformer/nn/linear.hpp"

namespace headformer {

/// A convolution over the rows of a sequence. C inputs, D outputs, K taps.
struct TemporalConvolutionConfig {
  Index inputs = 0;   ///< C
  Index outputs = 0;  ///< D
  Index taps = 1;     ///< K
  Index stride = 1;
  Index padding = 0;  ///< rows of zeros before the first and after the last
  bool bias = true;
  kernels::Activation activation = kernels::Activation::identity;

  /// Rows that it makes of some; 0 where its window does not fit.
  Index rows(Index given) const {
    const Index room = given + 2 * padding - taps;
    return room < 0 ? 0 : room / stride + 1;
  }
};

/// Rows of a sequence one after another in memory, with zeros around them. Shapes: x [T, C] -> [padding + T + behind,
/// C], in memory of the frame, or x itself where nothing is to be put around it.
inline TensorView<const float> padded_rows(TensorView<const float> x, Index padding, Index behind,
                                           Scratch::Frame& frame) {
  if (padding == 0 && behind == 0 && x.contiguous()) return x;
  const auto padded = frame.take<float>(Shape{padding + x.rows() + behind, x.columns()});
  std::fill_n(padded.data(), padding * x.columns(), 0.0F);
  for (Index r = 0; r < x.rows(); ++r) std::copy_n(x.row(r), x.columns(), padded.row(padding + r));
  std::fill_n(padded.row(padding + x.rows()), behind * x.columns(), 0.0F);
  return padded;
}

/// What a window of `taps` rows sees at each of its places, a row each. The rows lie one after another in memory, so
/// that this is a view whose rows overlap: no window is copied. Shapes: x [T, C], contiguous -> [count, taps * C].
inline TensorView<const float> windows_of(TensorView<const float> x, Index taps, Index stride, Index count) {
  return {x.data(), Shape{count, taps * x.columns()}, stride * x.columns()};
}

/// activation(convolution(x)) of one sequence: the product of what a window sees and the weights. x [T, C] -> y
/// [config.rows(T), D].
struct TemporalConvolution {
  TemporalConvolutionConfig config;
  Linear convolution;  // [D, K * C]

  HEADFORMER_COLD TemporalConvolution(const TemporalConvolutionConfig& c, const Weights& weights)
      : config(c), convolution({c.taps * c.inputs, {{"", c.outputs}}, c.bias}, weights) {}

  void operator()(Context& context, TensorView<const float> x, TensorView<float> y) const {
    Scratch::Frame frame(context.scratch());
    const auto padded = padded_rows(x, config.padding, config.padding, frame);
    convolution(context, windows_of(padded, config.taps, config.stride, y.rows()), y,
                kernels::Activate{config.activation, context.compute().isa});
  }
};

}  // namespace headformer
