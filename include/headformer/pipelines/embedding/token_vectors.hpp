#pragma once

#include "headformer/core/tensor.hpp"

namespace headformer {

/// A vector for each of a text's tokens that count.
struct TokenVectors {
  Tensor<float> rows;      ///< [tokens, width]
  bool truncated = false;  ///< the text was longer than the model's maximum, and its end does not count
};

}  // namespace headformer
