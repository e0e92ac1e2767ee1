#pragma once

#include <algorithm>

#include "headformer/core/executor.hpp"
#include "headformer/core/grid.hpp"

namespace headformer::kernels {

/// A window that walks over a picture: the geometry of a two-dimensional convolution.
struct PatchWindow {
  Grid size;
  Grid stride;
  Grid padding = {};  ///< zeros before the first and after the last row and column

  /// How many places the window has on a picture; 0 where it does not fit.
  Grid places(Grid picture) const {
    const auto along = [](Index picture_size, Index window, Index step, Index pad) {
      const Index room = picture_size + 2 * pad - window;
      return room < 0 ? 0 : room / step + 1;
    };
    return {along(picture.height, size.height, stride.height, padding.height),
            along(picture.width, size.width, stride.width, padding.width)};
  }
};

/// What a window sees at each of its places, a row each: a convolution is then the product of these rows and its
/// weights [out, C * h * w] as they are stored (im2col). What lies outside the picture is 0; there may be more places
/// than places() says, which then see less or nothing of it. Shapes: picture [C, H, W]; rows [places, C * h * w],
/// channels outermost. A row stride is allowed.
inline void gather_patches(const Compute& compute, TensorView<const float> picture, const PatchWindow& window,
                           Grid places, TensorView<float> rows) {
  const Index channels = picture.size(0);
  const Index height = picture.size(1);
  const Index width = picture.size(2);
  parallel_for(compute.executor, places.count(), 16, [&](Index begin, Index end) {
    for (Index place = begin; place < end; ++place) {
      const Index top = place / places.width * window.stride.height - window.padding.height;
      const Index left = place % places.width * window.stride.width - window.padding.width;
      const Index first = std::clamp<Index>(-left, 0, window.size.width);
      const Index last = std::clamp<Index>(width - left, first, window.size.width);
      float* to = rows.row(place);
      for (Index c = 0; c < channels; ++c) {
        for (Index r = 0; r < window.size.height; ++r, to += window.size.width) {
          const Index y = top + r;
          if (y < 0 || y >= height) {
            std::fill_n(to, window.size.width, 0.0F);
            continue;
          }
          std::fill_n(to, first, 0.0F);
          std::copy_n(picture.row(c) + y * width + left + first, last - first, to + first);
          std::fill_n(to + last, window.size.width - last, 0.0F);
        }
      }
    }
  });
}

/// What a window sees of a feature map at places [first, first + rows.rows()), counted along the rows of `places`: a
/// row each, the window's own places outermost, as the channels of one lie together. What lies outside the map is 0.
/// Shapes: map [H * W, C]; rows [some places, h * w * C]. Row strides are allowed.
inline void gather_windows(const Compute& compute, TensorView<const float> map, Grid grid, const PatchWindow& window,
                           Grid places, Index first, TensorView<float> rows) {
  const Index channels = map.columns();
  parallel_for(compute.executor, rows.rows(), 8, [&](Index begin, Index end) {
    for (Index r = begin; r < end; ++r) {
      const Index top = (first + r) / places.width * window.stride.height - window.padding.height;
      const Index left = (first + r) % places.width * window.stride.width - window.padding.width;
      float* to = rows.row(r);
      for (Index y = top; y < top + window.size.height; ++y) {
        for (Index x = left; x < left + window.size.width; ++x, to += channels) {
          if (y >= 0 && y < grid.height && x >= 0 && x < grid.width) {
            std::copy_n(map.row(y * grid.width + x), channels, to);
          } else {
            std::fill_n(to, channels, 0.0F);
          }
        }
      }
    }
  });
}

}  // namespace headformer::kernels
