#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/nn/embedding.hpp"

namespace headformer {

// Position policies of a whole model: sines and then cosines of the position times falling frequencies (Vaswani et al.
// 2017, https://arxiv.org/abs/1706.03762).

/// A table of them, computed or as the checkpoint has it (PEGASUS, Marian).
struct SinusoidalPositions {
  Tensor<float> table;  // [P, D]

  /// Published checkpoints hold the table or leave it out; no config says which.
  HEADFORMER_COLD SinusoidalPositions(const EmbeddingConfig& config, const Weights& weights)
      : table(weights.has("positions.weight")
                  ? (weights / "positions").table("weight", Shape{config.count, config.width})
                  : computed(config.count, config.width)) {}

  /// x [T, D] in place; positions have been checked against the table.
  void operator()(Context& context, TensorView<float> x) const { add_rows(table.view(), context.batch().positions, x); }

 private:
  HEADFORMER_COLD static Tensor<float> computed(Index count, Index width) {
    Tensor<float> table(Shape{count, width});
    const Index sines = (width + 1) / 2;
    for (Index position = 0; position < count; ++position) {
      for (Index i = 0; i < width; ++i) {
        const Index pair = i < sines ? i : i - sines;
        const double angle = static_cast<double>(position) /
                             std::pow(10000.0, static_cast<double>(2 * pair) / static_cast<double>(width));
        table.view().row(position)[i] = static_cast<float>(i < sines ? std::sin(angle) : std::cos(angle));
      }
    }
    return table;
  }
};

/// The same without a table, so without a last position; padding adds nothing (M2M-100). Frequencies end at 1 / 10000.
struct UnboundedSinusoids {
  std::vector<float> frequencies;  // [D / 2]
  Index padding;

  HEADFORMER_COLD UnboundedSinusoids(const EmbeddingConfig& config, const Weights&)
      : frequencies(static_cast<std::size_t>(config.width / 2)), padding(config.padding) {
    const auto steps = static_cast<double>(std::max<std::size_t>(frequencies.size(), 2) - 1);
    const auto step = static_cast<float>(-std::log(10000.0) / steps);
    for (std::size_t i = 0; i < frequencies.size(); ++i)
      frequencies[i] = std::exp(static_cast<float>(i) * step);  // in f32, as in the reference
  }

  /// x [T, D] in place.
  void operator()(Context& context, TensorView<float> x) const {
    const auto half = static_cast<Index>(frequencies.size());
    parallel_for(context.compute().executor, x.rows(), 8, [&](Index begin, Index end) {
      for (Index r = begin; r < end; ++r) {
        const std::int32_t position = context.batch().positions[static_cast<std::size_t>(r)];
        if (position == padding) continue;
        for (Index i = 0; i < half; ++i) {
          const float angle = static_cast<float>(position) * frequencies[static_cast<std::size_t>(i)];
          x.row(r)[i] += std::sin(angle);
          x.row(r)[half + i] += std::cos(angle);
        }
      }
    });
  }
};

}  // namespace headformer
