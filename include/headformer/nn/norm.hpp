#pragma once

#include <algorithm>

#include "headformer/core/cold.hpp"
#include "headformer/kernels/normalization.hpp"
#include "headformer/nn/context.hpp"
#include "headformer/nn/norm_config.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

/// Root mean square normalisation (Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467). x [T, D] -> y [T, D].
struct RmsNorm {
  Tensor<float> weight;  // [D]
  float epsilon;

  HEADFORMER_COLD RmsNorm(const NormConfig& config, const Weights& weights)
      : weight(weights.vector("weight", config.width)), epsilon(config.epsilon) {}

  void operator()(Context& context, TensorView<const float> x, TensorView<float> y) const {
    kernels::rms_norm(context.compute(), x, weight.view(), epsilon, y);
  }
};

/// Layer normalisation (Ba et al. 2016, https://arxiv.org/abs/1607.06450). x [T, D] -> y [T, D].
struct LayerNorm {
  Tensor<float> weight;  // [D]
  Tensor<float> bias;    // [D]; none: zeros
  float epsilon;

  HEADFORMER_COLD LayerNorm(const NormConfig& config, const Weights& weights)
      : weight(weights.vector("weight", config.width)), epsilon(config.epsilon) {
    if (config.bias) bias = weights.vector("bias", config.width);
  }

  void operator()(Context& context, TensorView<const float> x, TensorView<float> y) const {
    kernels::layer_norm(context.compute(), x, weight.view(), bias.view(), epsilon, y);
  }
};

/// No norm where a block has a place for one (ModernBERT's first layer). x [T, D] -> y [T, D].
struct NoNorm {
  NoNorm(const NormConfig&, const Weights&) {}
  void operator()(Context&, TensorView<const float> x, TensorView<float> y) const {
    if (x.data() == y.data()) return;
    for (Index r = 0; r < x.rows(); ++r) std::copy_n(x.row(r), x.columns(), y.row(r));
  }
};

/// Rows of heads side by side as [T, H, Dh]; free.
inline TensorView<float> heads(TensorView<float> x, Index width) {
  return {x.data(), Shape{x.rows(), x.columns() / width, width}, x.row_stride()};
}

/// Policies for the norm of each head's queries and keys: none (Llama), or RMS over the head's width (Qwen 3, Gemma 3).
struct NoHeadNorm {
  NoHeadNorm(const NormConfig&, const Weights&) {}
  void operator()(Context&, TensorView<float>) const {}
};
struct RmsHeadNorm {
  RmsNorm norm;  // [Dh]
  RmsHeadNorm(const NormConfig& config, const Weights& weights) : norm(config, weights) {}
  /// x [T, H * Dh] in place, each head alone; rows may have a stride.
  void operator()(Context& context, TensorView<float> x) const {
    const Index width = norm.weight.size(0);
    norm(context, TensorView<const float>(heads(x, width)), heads(x, width));
  }
};

}  // namespace headformer
