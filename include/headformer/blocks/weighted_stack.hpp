#pragma once

#include <cmath>
#include <vector>

#include "headformer/blocks/stack.hpp"
#include "headformer/kernels/elementwise.hpp"

namespace headformer {

/// A stack of which all hidden states count: x becomes their sum, that before the first layer among them, weighed by
/// the softmax of learned numbers (ELMo's scalar mix, Peters et al. 2018, https://arxiv.org/abs/1802.05365, as SUPERB's
/// models take it). `FinalNorm` is applied to the last. x [T, D] in place.
template <Block Layer, Module FinalNorm>
struct WeightedStack {
  Stack<Layer> stack;
  FinalNorm final_norm;        // [D]
  std::vector<float> weights;  // [layers + 1]

  HEADFORMER_COLD WeightedStack(const std::vector<LayerConfig>& configs, const Weights& root)
      : stack(configs, root),
        final_norm(configs.front().norm, root / "final_norm"),
        weights(softmax(root.vector("layer_weights", static_cast<Index>(configs.size()) + 1))) {}

  void operator()(Context& context, TensorView<float> x) const {
    Scratch::Frame frame(context.scratch());
    const auto sum = frame.take_rows<float>(x.rows(), x.columns());
    for (Index r = 0; r < x.rows(); ++r) std::copy_n(x.row(r), x.columns(), sum.row(r));
    kernels::scale(context.compute(), sum, weights.front());
    for (std::size_t i = 0; i < stack.layers.size(); ++i) {
      stack.layers[i](context, x);
      if (context.observer != nullptr) (*context.observer)("layers." + std::to_string(i), x);
      if (i + 1 == stack.layers.size()) final_norm(context, x, x);
      kernels::add_scaled(context.compute(), sum, x, weights[i + 1]);
    }
    for (Index r = 0; r < x.rows(); ++r) std::copy_n(sum.row(r), x.columns(), x.row(r));
  }

 private:
  HEADFORMER_COLD static std::vector<float> softmax(const Tensor<float>& numbers) {
    std::vector<float> result(numbers.data(), numbers.data() + numbers.count());
    double total = 0;
    for (const float number : result) total += std::exp(static_cast<double>(number));
    for (float& number : result) number = static_cast<float>(std::exp(static_cast<double>(number)) / total);
    return result;
  }
};

}  // namespace headformer
