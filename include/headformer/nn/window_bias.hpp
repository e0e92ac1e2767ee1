#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/kernels/attention.hpp"
#include "headformer/kernels/resample.hpp"
#include "headformer/nn/attention_config.hpp"
#include "headformer/nn/linear.hpp"

namespace headformer {

/// Position policy: each head adds a learned number for the step from the query's place in a window to the key's (Swin,
/// https://arxiv.org/abs/2103.14030; BEiT, https://arxiv.org/abs/2106.08254, whose window is the picture, with a class
/// token before it). For windows of another size than they were learned for the numbers are resampled.
struct WindowBias {
  Tensor<float> table;  // [steps, H]
  Tensor<float> token;  // [3, H]: from the class token, to it, and of itself; none

  HEADFORMER_COLD WindowBias(const AttentionConfig& config, const Weights& weights, const Linear&) {
    const WindowBiasConfig& own = config.window_bias;
    if (own.window.count() == 0) return;
    const Index steps = WindowBiasConfig::steps(own.window);
    const Index more = own.class_token ? 3 : 0;
    const Tensor<float> whole = (weights / "window_bias").table("weight", Shape{steps + more, config.heads});
    if (weights.measuring()) return;
    table = Tensor<float>(Shape{steps, config.heads});
    std::copy_n(whole.data(), table.count(), table.data());
    if (more == 0) return;
    token = Tensor<float>(Shape{more, config.heads});
    std::copy_n(whole.data() + table.count(), token.count(), token.data());
  }

  static void rotate(Context&, const AttentionConfig&, TensorView<float>) {}

  /// Windows of one size, and of one pattern of regions, share their numbers.
  void add_bias(Context& context, const AttentionConfig& config, TensorView<const float>, TensorView<const float>,
                TensorView<const float>, std::span<kernels::AttentionSequence> sequences, Scratch::Frame& frame) const {
    if (table.data() == nullptr) return;
    const std::vector<BatchSequence>& windows = context.batch().sequences;
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      const auto same = std::find_if(windows.begin(), windows.begin() + static_cast<Index>(i), [&](const auto& other) {
        return other.grid == windows[i].grid && other.regions.data() == windows[i].regions.data();
      });
      const auto known = static_cast<std::size_t>(same - windows.begin());
      sequences[i].bias = known < i ? sequences[known].bias : numbers(context, config, windows[i], frame).data();
      sequences[i].bias_row_stride = windows[i].rows;
      sequences[i].bias_head_stride = windows[i].rows * windows[i].rows;
    }
  }

 private:
  /// Shapes: -> [H, rows, rows] of a window and what is before it.
  TensorView<const float> numbers(Context& context, const AttentionConfig& config, const BatchSequence& sequence,
                                  Scratch::Frame& frame) const {
    const Grid grid = sequence.grid;
    const Index before = token.data() == nullptr ? 0 : 1;
    const Index rows = sequence.rows;
    const auto result = frame.take<float>(Shape{config.heads, rows, rows});
    Scratch::Frame passing(context.scratch());
    const Index steps = WindowBiasConfig::steps(grid);
    TensorView<const float> learned = table.view();
    if (const Grid window = config.window_bias.window; !(window == grid)) {
      const auto resized = passing.take<float>(Shape{steps, config.heads});
      kernels::resample(context.compute(), kernels::Resampling::bilinear, learned,
                        {2 * window.height - 1, 2 * window.width - 1}, resized,
                        {2 * grid.height - 1, 2 * grid.width - 1}, context.scratch());
      learned = resized;
    }
    const auto backwards = passing.take<float>(Shape{config.heads, steps});
    parallel_for(context.compute().executor, config.heads, 1, [&](Index begin, Index end) {
      for (Index h = begin; h < end; ++h) {
        float* const row = backwards.row(h);
        for (Index s = 0; s < steps; ++s) row[s] = learned.row(steps - 1 - s)[h];
        fill(row, grid, before, rows, result.row(h));
        part(sequence.regions, result.row(h));
        if (before == 0) continue;
        const float* const own = token.data();
        const Index heads = config.heads;
        std::fill_n(result.row(h), rows, own[h]);
        for (Index r = 0; r < rows; ++r) result.row(h)[r * rows] = own[heads + h];
        result.row(h)[0] = own[2 * heads + h];
      }
    });
    return result;
  }

  /// What rows of two regions have for each other.
  static void part(std::span<const std::int32_t> regions, float* numbers) {
    for (const std::int32_t query : regions) {
      for (const std::int32_t key : regions) *numbers++ -= query == key ? 0.0F : 100.0F;
    }
  }

  /// One head's numbers between places. Those of the steps lie backwards, so that the keys of a row of the window find
  /// theirs one after the other.
  static void fill(const float* backwards, Grid grid, Index before, Index rows, float* to) {
    const Index across = 2 * grid.width - 1;
    for (Index query = 0; query < grid.count(); ++query) {
      float* row = to + (before + query) * rows + before;
      const Index y = query / grid.width;
      const Index x = query % grid.width;
      for (Index line = 0; line < grid.height; ++line, row += grid.width)
        std::copy_n(backwards + (line - y + grid.height - 1) * across + grid.width - 1 - x, grid.width, row);
    }
  }
};

}  // namespace headformer
