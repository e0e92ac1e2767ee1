#pragma once

#include "headformer/blocks/layer_config.hpp"
#include "headformer/blocks/residual.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

/// One residual layer, norm after each sum (Vaswani et al. 2017, BERT). x [T, D] in place.
template <Module Norm, Module Attention, Module FeedForward>
struct PostNormBlock {
  Attention attn;
  Norm attn_norm;
  FeedForward ff;
  Norm ff_norm;

  HEADFORMER_COLD PostNormBlock(const LayerConfig& config, const Weights& weights)
      : attn(config.attention, weights / "attn"),
        attn_norm(config.norm, weights / "attn_norm"),
        ff(config.feed_forward, weights / "ff"),
        ff_norm(config.norm, weights / "ff_norm") {}

  void operator()(Context& context, TensorView<float> x) const {
    add_residual(context, x, attn);
    attn_norm(context, x, x);
    add_residual(context, x, ff);
    ff_norm(context, x, x);
  }
};

}  // namespace headformer
