#pragma once

#include <deque>
#include <string>
#include <vector>

#include "headformer/blocks/layer_config.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/nn/context.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

/// Layers in groups, each group's used several times (cross-layer parameter sharing, Lan et al. 2020,
/// https://arxiv.org/abs/1909.11942). The configs are those of the layers as they are run. x [T, D] in place.
template <Block Layer>
struct SharedStack {
  std::deque<Layer> layers;     // each stays where it is made
  std::vector<Index> sequence;  // the layers in the order they are run

  HEADFORMER_COLD SharedStack(const std::vector<LayerConfig>& configs, const Weights& weights) {
    std::vector<LayerSharing> bound;
    for (const LayerConfig& config : configs) {
      std::size_t place = 0;
      while (place < bound.size() && !(bound[place] == config.sharing)) ++place;
      if (place == bound.size()) {
        bound.push_back(config.sharing);
        layers.emplace_back(config, weights.layer(config.sharing.group) / std::to_string(config.sharing.member));
      }
      sequence.push_back(static_cast<Index>(place));
    }
  }

  void operator()(Context& context, TensorView<float> x) const {
    for (std::size_t i = 0; i < sequence.size(); ++i) {
      layers[static_cast<std::size_t>(sequence[i])](context, x);
      if (context.observer != nullptr) (*context.observer)("layers." + std::to_string(i), x);
    }
  }
};

}  // namespace headformer
