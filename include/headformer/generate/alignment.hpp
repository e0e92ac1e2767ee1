#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "headformer/core/tensor.hpp"

namespace headformer {

/// The median of each value and its neighbours, `width` in all (odd), mirrored at the ends; as they are where there are
/// too few. A NaN is the greatest.
inline void median_filter(std::span<float> values, Index width) {
  const Index pad = width / 2;
  const auto count = static_cast<Index>(values.size());
  if (count <= pad) return;
  const std::vector<float> before(values.begin(), values.end());
  std::vector<float> window(static_cast<std::size_t>(width));
  for (Index i = 0; i < count; ++i) {
    for (Index j = 0; j < width; ++j) {
      const Index at = std::abs(i + j - pad);
      window[static_cast<std::size_t>(j)] = before[static_cast<std::size_t>(at < count ? at : 2 * (count - 1) - at)];
    }
    const auto middle = window.begin() + pad;
    std::nth_element(window.begin(), middle, window.end(),
                     [](float a, float b) { return std::isnan(b) ? !std::isnan(a) : a < b; });
    values[static_cast<std::size_t>(i)] = *middle;
  }
}

/// The cheapest way through a matrix from its first row and column to its last ones, a step down, right or both at a
/// time (dynamic time warping, Sakoe and Chiba 1978, https://doi.org/10.1109/TASSP.1978.1163055), sums in f32 as the
/// reference has them. Shapes: cost [R, C] -> [R], the column at which each row is entered.
inline std::vector<Index> warp(TensorView<const float> cost) {
  const Index rows = cost.rows();
  const Index columns = cost.columns();
  constexpr float far = std::numeric_limits<float>::infinity();
  enum class Step : unsigned char { both, down, right };
  std::vector<Step> steps(static_cast<std::size_t>((rows + 1) * (columns + 1)), Step::right);
  const auto step_at = [&](Index i, Index j) -> Step& {
    return steps[static_cast<std::size_t>(i * (columns + 1) + j)];
  };
  std::vector<float> last(static_cast<std::size_t>(columns + 1), far);  // of the row before
  std::vector<float> now(last.size());
  last[0] = 0;
  for (Index i = 1; i <= rows; ++i) {
    now[0] = far;
    step_at(i, 0) = Step::down;
    for (Index j = 1; j <= columns; ++j) {
      const float both = last[static_cast<std::size_t>(j - 1)];
      const float down = last[static_cast<std::size_t>(j)];
      const float right = now[static_cast<std::size_t>(j - 1)];
      Step& step = step_at(i, j);
      step = both < down && both < right ? Step::both : down < both && down < right ? Step::down : Step::right;
      const float before = step == Step::both ? both : step == Step::down ? down : right;
      now[static_cast<std::size_t>(j)] =
          static_cast<float>(static_cast<double>(cost.row(i - 1)[j - 1]) + static_cast<double>(before));
    }
    std::swap(last, now);
  }
  std::vector<Index> entered(static_cast<std::size_t>(rows));
  for (Index i = rows, j = columns; i > 0;) {
    entered[static_cast<std::size_t>(i - 1)] = j - 1;
    const Step step = step_at(i, j);
    if (step != Step::right) --i;
    if (step != Step::down) --j;
  }
  return entered;
}

/// Where in a source each of some tokens is, by what heads of cross-attention look at: their weights, each column's
/// distances from its mean in its deviations, smoothed, and the heads' mean warped (Radford et al. 2022's word times).
/// Shapes: heads each [tokens, frames], overwritten -> [tokens].
inline std::vector<Index> align(std::span<Tensor<float>> heads, Index filter_width) {
  const Index rows = heads.front().size(0);
  const Index columns = heads.front().size(1);
  if (columns == 0) return std::vector<Index>(static_cast<std::size_t>(rows), -1);  // as the reference has it
  Tensor<float> cost(Shape{rows, columns});
  for (Tensor<float>& head : heads) {
    for (Index c = 0; c < columns; ++c) {
      double mean = 0;
      for (Index r = 0; r < rows; ++r) mean += head.view().row(r)[c];
      mean /= static_cast<double>(rows);
      double variance = 0;
      for (Index r = 0; r < rows; ++r) {
        const double d = head.view().row(r)[c] - mean;
        variance += d * d;
      }
      const double deviation = std::sqrt(variance / static_cast<double>(rows));
      for (Index r = 0; r < rows; ++r) {
        float& value = head.view().row(r)[c];
        value = static_cast<float>((value - mean) / deviation);
      }
    }
    for (Index r = 0; r < rows; ++r) {
      median_filter(head.view().row_span(r), filter_width);
      for (Index c = 0; c < columns; ++c) cost.view().row(r)[c] -= head.view().row(r)[c];
    }
  }
  for (Index i = 0; i < cost.count(); ++i) cost.data()[i] /= static_cast<float>(heads.size());
  return warp(cost.view());
}

}  // namespace headformer
