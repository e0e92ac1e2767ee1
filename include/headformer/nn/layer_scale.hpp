#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/kernels/epilogue.hpp"
#include "headformer/nn/ends_in_linear.hpp"

namespace headformer {

/// A sub-layer whose result is multiplied by a learned number a column before it is added to the residual stream
/// (Touvron et al. 2021, https://arxiv.org/abs/2103.17239). `Inner` is a Module that ends in a Linear. x [T, D] -> y
/// [T, D].
template <Module Inner>
struct LayerScaled {
  Inner inner;
  Tensor<float> scale;  // [D]

  template <class Config>
  HEADFORMER_COLD LayerScaled(const Config& config, const Weights& weights)
      : inner(config, weights), scale(weights.vector("scale", config.width)) {}

  void operator()(Context& context, TensorView<const float> x, TensorView<float> y) const {
    Scratch::Frame frame(context.scratch());
    inner.last()(context, inner.before_last(context, x, frame), y,
                 kernels::ScaleColumns{scale.data(), context.compute().isa});
  }
  /// sum += scale * inner(x). Shapes: x [T, D], sum [T, D].
  void add(Context& context, TensorView<const float> x, TensorView<float> sum) const {
    Scratch::Frame frame(context.scratch());
    const auto y = frame.take_rows<float>(x.rows(), sum.columns());
    const Isa isa = context.compute().isa;
    inner.last()(context, inner.before_last(context, x, frame), y,
                 [&](TensorView<float> block, Index first_row, Index first_column) {
                   kernels::ScaleColumns{scale.data(), isa}(block, first_row, first_column);
                   kernels::AccumulateInto{sum, isa}(block, first_row, first_column);
                 });
  }
};

}  // namespace headformer
