#pragma once

#include "headformer/blocks/pre_norm_block.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/nn/feed_forward.hpp"

namespace headformer {

/// A residual layer with a bottleneck behind it, of a language or a task (Houlsby et al. 2019,
/// https://arxiv.org/abs/1902.00751; of speech Pratap et al. 2023, https://arxiv.org/abs/2305.13516). x [T, D] in
/// place.
template <Module Norm, Module Attention, Module FeedForward>
struct AdaptedPreNormBlock {
  PreNormBlock<Norm, Attention, FeedForward> layer;
  Norm adapter_norm;  // [D]
  Mlp adapter;

  HEADFORMER_COLD AdaptedPreNormBlock(const LayerConfig& config, const Weights& weights)
      : layer(config, weights),
        adapter_norm({config.norm.width}, weights / "adapter_norm"),
        adapter(config.adapter, weights / "adapter") {}

  void operator()(Context& context, TensorView<float> x) const {
    layer(context, x);
    add_residual(context, x, adapter_norm, adapter);
  }
};

}  // namespace headformer
