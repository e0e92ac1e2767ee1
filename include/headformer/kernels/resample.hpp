#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "headformer/core/executor.hpp"
#include "headformer/core/grid.hpp"
#include "headformer/core/scratch.hpp"

namespace headformer::kernels {

/// How a map is brought to another size.
enum class Resampling : std::uint8_t {
  bilinear,
  bilinear_corners,     ///< the corners of both maps lie on each other (align_corners=True)
  bicubic,              ///< of four neighbours, whatever the sizes
  bicubic_antialiased,  ///< of as many as the step from one output to the next covers
};

namespace detail {

/// For each output along one dimension the inputs it is made from.
struct ResamplingTaps {
  Index each = 0;  ///< inputs of an output
  std::vector<Index> inputs;
  std::vector<float> weights;
};

/// Keys' cubic convolution (https://doi.org/10.1109/TASSP.1981.1163711).
inline float cubic(float x, float a) {
  x = std::abs(x);
  if (x < 1.0F) return ((a + 2.0F) * x - (a + 3.0F)) * x * x + 1.0F;
  if (x < 2.0F) return ((x - 5.0F) * x + 8.0F) * x * a - 4.0F * a;
  return 0.0F;
}

/// In f32, as the reference computes it: with half-pixel centres unless corners lie on each other, what lies outside is
/// the edge.
inline ResamplingTaps resampling_taps(Resampling resampling, Index from, Index to) {
  const bool corners = resampling == Resampling::bilinear_corners;
  const bool bilinear = corners || resampling == Resampling::bilinear;
  const float scale = !corners ? static_cast<float>(from) / static_cast<float>(to)
                      : to > 1 ? static_cast<float>(from - 1) / static_cast<float>(to - 1)
                               : 0.0F;
  const float stretch = resampling == Resampling::bicubic_antialiased ? std::max(scale, 1.0F) : 1.0F;
  const float reach = (bilinear ? 1.0F : 2.0F) * stretch;
  ResamplingTaps taps;
  taps.each = 2 * static_cast<Index>(std::ceil(reach)) + 1;
  taps.inputs.assign(static_cast<std::size_t>(to * taps.each), 0);
  taps.weights.assign(static_cast<std::size_t>(to * taps.each), 0.0F);
  for (Index i = 0; i < to; ++i) {
    float* const weights = taps.weights.data() + i * taps.each;
    Index* const inputs = taps.inputs.data() + i * taps.each;
    const float centre = scale * (static_cast<float>(i) + 0.5F);
    if (resampling == Resampling::bicubic_antialiased) {
      const Index first = std::max<Index>(static_cast<Index>(centre - reach + 0.5F), 0);
      const Index count = std::min({static_cast<Index>(centre + reach + 0.5F), from, first + taps.each}) - first;
      float sum = 0;
      for (Index k = 0; k < count; ++k) {
        inputs[k] = first + k;
        weights[k] = cubic((static_cast<float>(first + k) - centre + 0.5F) / stretch, -0.5F);
        sum += weights[k];
      }
      for (Index k = 0; k < count; ++k) weights[k] /= sum;
      continue;
    }
    const float place = corners    ? scale * static_cast<float>(i)
                        : bilinear ? std::max(centre - 0.5F, 0.0F)
                                   : centre - 0.5F;
    const auto before = static_cast<Index>(std::floor(place));
    const float past = place - static_cast<float>(before);
    const Index first = bilinear ? before : before - 1;
    for (Index k = 0; k < taps.each - 1; ++k) {
      inputs[k] = std::clamp<Index>(first + k, 0, from - 1);
      const float distance = static_cast<float>(first + k - before) - past;
      weights[k] = bilinear ? std::max(1.0F - std::abs(distance), 0.0F) : cubic(distance, -0.75F);
    }
  }
  return taps;
}

/// to[c] = sum of weights * rows[c], of as many rows as an output has taps.
inline void blend_rows(const ResamplingTaps& taps, Index output, const float* from, Index input_stride, Index columns,
                       float* to) {
  std::fill_n(to, columns, 0.0F);
  for (Index k = output * taps.each; k < (output + 1) * taps.each; ++k) {
    const float weight = taps.weights[static_cast<std::size_t>(k)];
    if (weight == 0.0F) continue;
    const float* const row = from + taps.inputs[static_cast<std::size_t>(k)] * input_stride;
    for (Index c = 0; c < columns; ++c) to[c] += weight * row[c];
  }
}

}  // namespace detail

/// Brings a map of rows to another size, as torch.nn.functional.interpolate() does: along its rows, then along its
/// columns. Shapes: from [h * w, C], to [H * W, C]; row strides are allowed.
inline void resample(const Compute& compute, Resampling resampling, TensorView<const float> from, Grid from_grid,
                     TensorView<float> to, Grid to_grid, Scratch& scratch) {
  const detail::ResamplingTaps across = detail::resampling_taps(resampling, from_grid.width, to_grid.width);
  const detail::ResamplingTaps down = detail::resampling_taps(resampling, from_grid.height, to_grid.height);
  const Index columns = from.columns();
  Scratch::Frame frame(scratch);
  const auto wide = frame.take_rows<float>(from_grid.height * to_grid.width, columns);
  parallel_for(compute.executor, wide.rows(), 1, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i)
      detail::blend_rows(across, i % to_grid.width, from.row(i / to_grid.width * from_grid.width), from.row_stride(),
                         columns, wide.row(i));
  });
  parallel_for(compute.executor, to.rows(), 1, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i)
      detail::blend_rows(down, i / to_grid.width, wide.row(i % to_grid.width), to_grid.width * wide.row_stride(),
                         columns, to.row(i));
  });
}

/// The same a line of the result at a time, for results that are too large to keep: line(y, values), from any worker,
/// in no order that matters. Along the columns, then along the rows. Shapes: from [h * w, C]; values [W, C].
template <class Line>
void resample_lines(const Compute& compute, Resampling resampling, TensorView<const float> from, Grid from_grid,
                    Grid to_grid, const Line& line) {
  const detail::ResamplingTaps across = detail::resampling_taps(resampling, from_grid.width, to_grid.width);
  const detail::ResamplingTaps down = detail::resampling_taps(resampling, from_grid.height, to_grid.height);
  const Index columns = from.columns();
  parallel_for(compute.executor, to_grid.height, 1, [&](Index begin, Index end) {
    Tensor<float> narrow(Shape{from_grid.width, columns});
    Tensor<float> wide(Shape{to_grid.width, columns});
    for (Index y = begin; y < end; ++y) {
      for (Index x = 0; x < from_grid.width; ++x)
        detail::blend_rows(down, y, from.row(x), from_grid.width * from.row_stride(), columns, narrow.view().row(x));
      for (Index x = 0; x < to_grid.width; ++x)
        detail::blend_rows(across, x, narrow.data(), columns, columns, wide.view().row(x));
      line(y, TensorView<const float>(wide.view()));
    }
  });
}

}  // namespace headformer::kernels
