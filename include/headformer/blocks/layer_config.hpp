#pragma once

#include "headformer/nn/attention.hpp"
#include "headformer/nn/feed_forward.hpp"
#include "headformer/nn/norm.hpp"

namespace headformer {

/// What one layer of a stack is made from.
struct LayerConfig {
  NormConfig norm;
  AttentionConfig attention;
  FeedForwardConfig feed_forward;
};

}  // namespace headformer
