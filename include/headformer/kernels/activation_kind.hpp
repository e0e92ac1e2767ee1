#pragma once

#include <cstdint>

namespace headformer::kernels {

/// What stands between two matrices of a feed-forward layer.
enum class Activation : std::uint8_t {
  identity,
  relu,
  relu_squared,  ///< max(x, 0)^2
  sigmoid,
  tanh,
  silu,        ///< x * sigmoid(x), also called swish
  quick_gelu,  ///< x * sigmoid(1.702 x)
  gelu,        ///< x * (1 + erf(x / sqrt(2))) / 2 (arXiv:1606.08415)
  gelu_tanh,   ///< x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2, of the same paper
};

}  // namespace headformer::kernels
