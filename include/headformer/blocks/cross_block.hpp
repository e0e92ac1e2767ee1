#pragma once

#include "headformer/blocks/layer_config.hpp"
#include "headformer/blocks/residual.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/nn/cross_attention.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

/// One residual decoder layer over a source, norm before each sub-layer (T5, mBART, PEGASUS). x [T, D] in place.
template <Module Norm, Module Attention, Module FeedForward>
struct PreNormCrossBlock {
  Norm attn_norm;
  Attention attn;
  Norm cross_norm;
  CrossAttention cross;
  Norm ff_norm;
  FeedForward ff;

  HEADFORMER_COLD PreNormCrossBlock(const LayerConfig& config, const Weights& weights)
      : attn_norm(config.norm, weights / "attn_norm"),
        attn(config.attention, weights / "attn"),
        cross_norm(config.norm, weights / "cross_norm"),
        cross(config.cross_attention, weights / "cross"),
        ff_norm(config.norm, weights / "ff_norm"),
        ff(config.feed_forward, weights / "ff") {}

  void operator()(Context& context, TensorView<float> x) const {
    add_residual(context, x, attn_norm, attn);
    add_residual(context, x, cross_norm, cross);
    add_residual(context, x, ff_norm, ff);
  }
};

/// One residual decoder layer over a source, norm after each sum (Vaswani et al. 2017, BART, Marian). x [T, D] in
/// place.
template <Module Norm, Module Attention, Module FeedForward>
struct PostNormCrossBlock {
  Attention attn;
  Norm attn_norm;
  CrossAttention cross;
  Norm cross_norm;
  FeedForward ff;
  Norm ff_norm;

  HEADFORMER_COLD PostNormCrossBlock(const LayerConfig& config, const Weights& weights)
      : attn(config.attention, weights / "attn"),
        attn_norm(config.norm, weights / "attn_norm"),
        cross(config.cross_attention, weights / "cross"),
        cross_norm(config.norm, weights / "cross_norm"),
        ff(config.feed_forward, weights / "ff"),
        ff_norm(config.norm, weights / "ff_norm") {}

  void operator()(Context& context, TensorView<float> x) const {
    add_residual(context, x, attn);
    attn_norm(context, x, x);
    add_residual(context, x, cross);
    cross_norm(context, x, x);
    add_residual(context, x, ff);
    ff_norm(context, x, x);
  }
};

}  // namespace headformer
