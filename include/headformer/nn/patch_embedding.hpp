#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/kernels/patches.hpp"
#include "headformer/nn/linear.hpp"

namespace headformer {

/// Patches of a picture as tokens. C channels, P pixels of a patch, D width.
struct PatchEmbeddingConfig {
  Index channels = 3;  ///< C
  kernels::PatchWindow window;
  Index width = 0;  ///< D
  bool bias = true;
};

/// A convolution over a picture as a product of what its window sees (Dosovitskiy et al. 2021,
/// https://arxiv.org/abs/2010.11929). picture [C, H, W] -> y [places, D].
struct PatchEmbedding {
  kernels::PatchWindow window;
  Linear projection;  // [D, C * P]

  HEADFORMER_COLD PatchEmbedding(const PatchEmbeddingConfig& config, const Weights& weights)
      : window(config.window),
        projection({config.channels * config.window.size.count(), {{"patches", config.width}}, config.bias}, weights) {}

  /// `places`: at least as many as the window has on the picture; see gather_patches().
  void operator()(Context& context, TensorView<const float> picture, Grid places, TensorView<float> y) const {
    Scratch::Frame frame(context.scratch());
    const auto rows = frame.take_rows<float>(places.count(), picture.size(0) * window.size.count());
    kernels::gather_patches(context.compute(), picture, window, places, rows);
    projection(context, rows, y);
  }
};

}  // namespace headformer
