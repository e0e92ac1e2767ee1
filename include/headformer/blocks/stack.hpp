#pragma once

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "headformer/blocks/layer_config.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/nn/context.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

/// Layers one after another; what differs between them is data. x [T, D] in place.
template <Block Layer>
struct Stack {
  std::deque<Layer> layers;  // each stays where it is made: no code that moves a layer

  HEADFORMER_COLD Stack(const std::vector<LayerConfig>& configs, const Weights& weights) {
    for (std::size_t i = 0; i < configs.size(); ++i)
      layers.emplace_back(configs[i], weights.layer(static_cast<Index>(i)));
  }

  void operator()(Context& context, TensorView<float> x) const {
    const std::size_t depth = std::min(layers.size(), context.depth);
    for (std::size_t i = 0; i < depth; ++i) {
      layers[i](context, x);
      if (context.observer != nullptr) (*context.observer)("layers." + std::to_string(i), x);
    }
  }
};

}  // namespace headformer
