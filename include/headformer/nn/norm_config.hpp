#pragma once

#include "headformer/core/tensor.hpp"

namespace headformer {

struct NormConfig {
  Index width = 0;
  float epsilon = 1e-5F;
  bool bias = true;  ///< of a LayerNorm
};

}  // namespace headformer
