#pragma once

#include <algorithm>
#include <span>

#include "headformer/models/encoders/head_config.hpp"
#include "headformer/nn/context.hpp"

namespace headformer {

namespace detail {

/// The mean of the rows that no key bias hides.
inline void mean_row(TensorView<const float> rows, std::span<const float> key_bias, float* mean) {
  std::fill_n(mean, rows.columns(), 0.0F);
  float count = 0;
  for (Index r = 0; r < rows.rows(); ++r) {
    if (!key_bias.empty() && key_bias[static_cast<std::size_t>(r)] != 0) continue;
    for (Index c = 0; c < rows.columns(); ++c) mean[c] += rows.row(r)[c];
    ++count;
  }
  for (Index c = 0; c < rows.columns(); ++c) mean[c] /= count;
}

}  // namespace detail

/// A row for each sequence of the batch; its first and last rows are never hidden. Shapes: x [T, D] -> [sequences, D].
inline TensorView<const float> pooled_rows(Context& context, Pooling pooling, TensorView<const float> x,
                                           Scratch::Frame& frame) {
  const auto& sequences = context.batch().sequences;
  const auto result = frame.take_rows<float>(static_cast<Index>(sequences.size()), x.columns());
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const BatchSequence& sequence = sequences[i];
    const auto rows = x.slice_rows(sequence.first_row, sequence.first_row + sequence.rows);
    float* const to = result.row(static_cast<Index>(i));
    if (pooling == Pooling::mean) {
      detail::mean_row(rows, sequence.key_bias, to);
    } else {
      std::copy_n(rows.row(pooling == Pooling::first ? 0 : rows.rows() - 1), x.columns(), to);
    }
  }
  return result;
}

}  // namespace headformer
