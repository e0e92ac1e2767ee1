#pragma once

#include <deque>
#include <string>
#include <vector>

#include "headformer/blocks/layer_config.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/nn/context.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

/// A stack whose first layer has a structure of its own. x [T, D] in place.
template <Block First, Block Layer>
struct LedStack {
  First first;
  std::deque<Layer> layers;  // each stays where it is made

  HEADFORMER_COLD LedStack(const std::vector<LayerConfig>& configs, const Weights& weights)
      : first(configs.front(), weights.layer(0)) {
    for (std::size_t i = 1; i < configs.size(); ++i)
      layers.emplace_back(configs[i], weights.layer(static_cast<Index>(i)));
  }

  void operator()(Context& context, TensorView<float> x) const {
    const auto observe = [&](std::size_t i) {
      if (context.observer != nullptr) (*context.observer)("layers." + std::to_string(i), x);
    };
    first(context, x);
    observe(0);
    for (std::size_t i = 0; i < layers.size(); ++i) {
      layers[i](context, x);
      observe(i + 1);
    }
  }
};

}  // namespace headformer
