#pragma once

#include "headformer/core/tensor.hpp"

namespace headformer {

/// One sound, as the checkpoint's feature extractor makes it.
struct AudioInput {
  TensorView<const float> sound;  ///< [samples], or features [C, frames]
  Index length = 0;               ///< samples from the first on that are no padding; 0: all
};

}  // namespace headformer
