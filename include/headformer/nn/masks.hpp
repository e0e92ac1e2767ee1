#pragma once

#include "headformer/kernels/attention.hpp"
#include "headformer/nn/key_values.hpp"

namespace headformer {

// Mask policies: which keys [i - left, i + right] the query at absolute index i sees, and with that, where keys live.

/// What came before, at most `window` keys, itself included (0: all).
struct Causal {
  using KeyValues = CachedKeyValues;

  static kernels::AttentionParameters apply(kernels::AttentionParameters parameters, Index window) {
    if (window > 0) parameters.left = window - 1;
    parameters.right = 0;
    return parameters;
  }
};

/// The same in a model that keeps nothing after a pass.
struct CausalInPass : Causal {
  using KeyValues = PassingKeyValues;
};

/// Both sides, at most half a `window` of keys on each (0: all).
struct Bidirectional {
  using KeyValues = PassingKeyValues;

  static kernels::AttentionParameters apply(kernels::AttentionParameters parameters, Index window) {
    parameters.left = parameters.right = window > 0 ? window / 2 : kernels::unlimited;
    return parameters;
  }
};

}  // namespace headformer
