#pragma once

#include "headformer/blocks/layer_config.hpp"
#include "headformer/blocks/residual.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

/// One residual layer, norm before each sub-layer (GPT-2, Llama, ViT). x [T, D] in place.
template <Module Norm, Module Attention, Module FeedForward, Module AttentionNorm = Norm>
struct PreNormBlock {
  AttentionNorm attn_norm;
  Attention attn;
  Norm ff_norm;
  FeedForward ff;

  HEADFORMER_COLD PreNormBlock(const LayerConfig& config, const Weights& weights)
      : attn_norm(config.norm, weights / "attn_norm"),
        attn(config.attention, weights / "attn"),
        ff_norm(config.norm, weights / "ff_norm"),
        ff(config.feed_forward, weights / "ff") {}

  void operator()(Context& context, TensorView<float> x) const {
    add_residual(context, x, attn_norm, attn);
    add_residual(context, x, ff_norm, ff);
  }
};

/// One residual layer with a norm before and after each sub-layer (Gemma 2 and 3). x [T, D] in place.
template <Module Norm, Module Attention, Module FeedForward>
struct SandwichNormBlock {
  Norm attn_norm;
  Attention attn;
  Norm attn_post_norm;
  Norm ff_norm;
  FeedForward ff;
  Norm ff_post_norm;

  HEADFORMER_COLD SandwichNormBlock(const LayerConfig& config, const Weights& weights)
      : attn_norm(config.norm, weights / "attn_norm"),
        attn(config.attention, weights / "attn"),
        attn_post_norm(config.norm, weights / "attn_post_norm"),
        ff_norm(config.norm, weights / "ff_norm"),
        ff(config.feed_forward, weights / "ff"),
        ff_post_norm(config.norm, weights / "ff_post_norm") {}

  void operator()(Context& context, TensorView<float> x) const {
    add_residual(context, x, attn_norm, attn, attn_post_norm);
    add_residual(context, x, ff_norm, ff, ff_post_norm);
  }
};

}  // namespace headformer
