#pragma once

#include "headformer/core/tensor.hpp"

namespace headformer {

struct NormConfig {
  Index width = 0;
  float epsilon = 1e-5F;
};

}  // namespace headformer
