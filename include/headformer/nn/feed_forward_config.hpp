#pragma once

#include "headformer/core/tensor.hpp"
#include "headformer/kernels/activation_kind.hpp"

namespace headformer {

/// The activation is data, as the checkpoint's config names it; whether there is a gate is structure.
struct FeedForwardConfig {
  Index width = 0;         ///< D
  Index hidden_width = 0;  ///< F
  kernels::Activation activation = kernels::Activation::silu;
  bool bias = false;
  bool gated = false;  ///< of families that come with a gate and without one
};

}  // namespace headformer
