#pragma once

#include <vector>

#include "headformer/core/compiled.hpp"
#include "headformer/kernels/depthwise.hpp"
#include "headformer/kernels/rows.hpp"
#include "headformer/kernels/vector_math.hpp"

#define HEADFORMER_BODY "headformer/kernels/bodies/depthwise.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY

namespace headformer::kernels {

HEADFORMER_INLINE void depthwise(const Compute& compute, TensorView<const float> map, Grid grid,
                                 const PatchWindow& window, TensorView<const float> weights,
                                 TensorView<const float> bias, TensorView<float> y) {
  const Grid places = window.places(grid);
  parallel_for(
      compute.executor, y.rows(), detail::row_grain(y.columns() * window.size.count()), [&](Index begin, Index end) {
        std::vector<const float*> seen(static_cast<std::size_t>(window.size.count()));
        std::vector<const float*> factors(seen.size());
        for (Index place = begin; place < end; ++place) {
          const Index top = place / places.width * window.stride.height - window.padding.height;
          const Index left = place % places.width * window.stride.width - window.padding.width;
          std::size_t taps = 0;
          for (Index tap = 0; tap < window.size.count(); ++tap) {
            const Index row = top + tap / window.size.width;
            const Index column = left + tap % window.size.width;
            if (row < 0 || row >= grid.height || column < 0 || column >= grid.width) continue;
            seen[taps] = map.row(row * grid.width + column);
            factors[taps++] = weights.row(tap);
          }
          HEADFORMER_ON_TARGET(compute.isa, depthwise_place(seen.data(), factors.data(), static_cast<Index>(taps),
                                                            bias.data(), y.row(place), y.columns()));
        }
      });
}

}  // namespace headformer::kernels
