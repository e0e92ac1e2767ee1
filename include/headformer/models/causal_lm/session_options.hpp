#pragma once

#include "headformer/core/dtype.hpp"
#include "headformer/core/tensor.hpp"

namespace headformer {

/// How a session holds its sequence.
struct SessionOptions {
  DType cache = DType::f32;  ///< of keys and values: f32, f16, bf16 or q8_0
  Index reserve = 0;         ///< positions to hold memory for from the start; 0: grow by pages
  Index rows = 512;          ///< longest piece a prompt is computed in; bounds the temporary memory, changes no bits
};

}  // namespace headformer
