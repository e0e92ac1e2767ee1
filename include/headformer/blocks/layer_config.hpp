#pragma once

#include "headformer/nn/attention_config.hpp"
#include "headformer/nn/feed_forward_config.hpp"
#include "headformer/nn/norm_config.hpp"

namespace headformer {

/// What one layer of a stack is made from.
struct LayerConfig {
  NormConfig norm;
  AttentionConfig attention;
  FeedForwardConfig feed_forward;
};

}  // namespace headformer
