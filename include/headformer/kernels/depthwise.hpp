#pragma once

#include "headformer/core/executor.hpp"
#include "headformer/core/grid.hpp"
#include "headformer/kernels/patches.hpp"

namespace headformer::kernels {

/// Convolves each column of a map by itself (depthwise). What lies outside the map is 0. Shapes: map [H * W, C];
/// weights [h * w, C], of the window's places; bias [C]; y [places of the window, C]. Row strides of map and y are
/// allowed.
void depthwise(const Compute& compute, TensorView<const float> map, Grid grid, const PatchWindow& window,
               TensorView<const float> weights, TensorView<const float> bias, TensorView<float> y);

}  // namespace headformer::kernels

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/kernels/depthwise-inl.hpp"
#endif
