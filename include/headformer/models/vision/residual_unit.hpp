#pragma once

#include <algorithm>
#include <optional>

#include "headformer/core/cold.hpp"
#include "headformer/kernels/activation.hpp"
#include "headformer/kernels/elementwise.hpp"
#include "headformer/models/vision/dense_prediction_config.hpp"
#include "headformer/nn/batch_norm.hpp"
#include "headformer/nn/map_convolution.hpp"

namespace headformer {

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

}  // namespace headformer
