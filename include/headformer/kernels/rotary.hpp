#pragma once

#include <cstdint>

#include "headformer/core/executor.hpp"
#include "headformer/core/tensor.hpp"

namespace headformer::kernels {

/// Which two elements of a head turn together, R being the rotated width.
enum class RotaryLayout : std::uint8_t {
  half_split,   ///< i and i + R/2 (GPT-NeoX, Llama as published by Hugging Face)
  interleaved,  ///< 2i and 2i + 1 (GPT-J, Llama as published by Meta)
};

/// Rotary position embedding (RoFormer, arXiv:2104.09864) of the first R elements of every head, in place:
/// (a, b) becomes (a cos - b sin, b cos + a sin); the rest of a head is left alone.
/// Shapes: x [T, H, D], a row stride allowed; cos and sin [T, R/2], one row a row of x, R <= D.
/// Throws ArgumentError for other sizes. A row's bits do not depend on the other rows.
void rotary(const Compute& compute, TensorView<float> x, TensorView<const float> cos, TensorView<const float> sin,
            RotaryLayout layout);

}  // namespace headformer::kernels

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/kernels/rotary-inl.hpp"
#endif
