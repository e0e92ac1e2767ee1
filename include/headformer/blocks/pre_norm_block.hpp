#pragma once

#include "headformer/blocks/layer_config.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/kernels/elementwise.hpp"
#include "headformer/nn/context.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

/// One residual layer, norm before each sub-layer (GPT-2, Llama, ViT). x [T, D] in place.
template <Module Norm, Module Attention, Module FeedForward>
struct PreNormBlock {
  Norm attn_norm;
  Attention attn;
  Norm ff_norm;
  FeedForward ff;

  HEADFORMER_COLD PreNormBlock(const LayerConfig& config, const Weights& weights)
      : attn_norm(config.norm, weights / "attn_norm"),
        attn(config.attention, weights / "attn"),
        ff_norm(config.norm, weights / "ff_norm"),
        ff(config.feed_forward, weights / "ff") {}

  void operator()(Context& context, TensorView<float> x) const {
    Scratch::Frame frame(context.scratch());
    const auto normed = frame.take<float>(x.shape());
    const auto update = frame.take<float>(x.shape());
    attn_norm(context, x, normed);
    attn(context, normed, update);
    kernels::add(context.compute(), x, update);
    ff_norm(context, x, normed);
    ff(context, normed, update);
    kernels::add(context.compute(), x, update);
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
    Scratch::Frame frame(context.scratch());
    const auto normed = frame.take<float>(x.shape());
    const auto update = frame.take<float>(x.shape());
    attn_norm(context, x, normed);
    attn(context, normed, update);
    attn_post_norm(context, update, normed);
    kernels::add(context.compute(), x, normed);
    ff_norm(context, x, normed);
    ff(context, normed, update);
    ff_post_norm(context, update, normed);
    kernels::add(context.compute(), x, normed);
  }
};

}  // namespace headformer
