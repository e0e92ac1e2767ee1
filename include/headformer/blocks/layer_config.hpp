#pragma once

#include "headformer/nn/attention_config.hpp"
#include "headformer/nn/feed_forward_config.hpp"
#include "headformer/nn/norm_config.hpp"

namespace headformer {

/// Which of a checkpoint's layers this is, where several share one (see SharedStack).
struct LayerSharing {
  Index group = 0;
  Index member = 0;  ///< of the group
  friend bool operator==(const LayerSharing&, const LayerSharing&) = default;
};

/// A convolution over a sequence's tokens beside a layer (see ConvolvedBlock).
struct ConvolutionConfig {
  Index taps = 0;  ///< odd; 0: none
  kernels::Activation activation = kernels::Activation::tanh;
};

/// What one layer of a stack is made from.
struct LayerConfig {
  NormConfig norm;
  AttentionConfig attention;
  FeedForwardConfig feed_forward;
  LayerSharing sharing = {};
  ConvolutionConfig convolution = {};
  bool scaled = false;                   ///< of families that come with layer scales and without
  AttentionConfig cross_attention = {};  ///< of layers that attend to a source
  FeedForwardConfig adapter = {};        ///< of layers with one built in; hidden_width 0: none
};

}  // namespace headformer
