#pragma once

#include <algorithm>
#include <optional>
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

/// The last row that no key bias hides and whose id is no padding, counted from the sequence's first; the first where
/// there is none, as in the reference.
inline Index last_row(const BatchSequence& sequence, std::optional<TokenId> padding) {
  if (sequence.ids.empty() || !padding) return sequence.rows - 1;
  for (Index r = sequence.rows - 1; r > 0; --r) {
    const auto i = static_cast<std::size_t>(r);
    if (sequence.ids[i] != *padding && (sequence.key_bias.empty() || sequence.key_bias[i] == 0)) return r;
  }
  return 0;
}

/// The row of an id, or of the greatest; the first where the id is missing.
inline Index marked_row(const BatchSequence& sequence, std::optional<TokenId> marked) {
  const std::span<const TokenId> ids = sequence.ids;
  const auto found = marked ? std::find(ids.begin(), ids.end(), *marked) : std::max_element(ids.begin(), ids.end());
  return found == ids.end() ? 0 : found - ids.begin();
}

}  // namespace detail

/// A row for each sequence of the batch; its first and last rows are never hidden. Shapes: x [T, D] -> [sequences, D],
/// where a row has two things side by side [sequences, 2D].
inline TensorView<const float> pooled_rows(Context& context, const TransformConfig& config, TensorView<const float> x,
                                           Scratch::Frame& frame) {
  const auto& sequences = context.batch().sequences;
  const Index parts = config.pooling == Pooling::first_and_patches ? 2 : 1;
  const auto result = frame.take_rows<float>(static_cast<Index>(sequences.size()), parts * x.columns());
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const BatchSequence& sequence = sequences[i];
    const auto rows = x.slice_rows(sequence.first_row, sequence.first_row + sequence.rows);
    float* const to = result.row(static_cast<Index>(i));
    const auto patches = [&] { return rows.slice_rows(rows.rows() - sequence.grid.count(), rows.rows()); };
    const auto copy = [&](Index row) { std::copy_n(rows.row(row), x.columns(), to); };
    switch (config.pooling) {
      case Pooling::first:
        copy(0);
        break;
      case Pooling::second:
        copy(1);
        break;
      case Pooling::first_two:
        detail::mean_row(rows.slice_rows(0, 2), {}, to);
        break;
      case Pooling::last:
        copy(rows.rows() - 1);
        break;
      case Pooling::last_not_padding:
        copy(detail::last_row(sequence, config.padding_id));
        break;
      case Pooling::marked:
        copy(detail::marked_row(sequence, config.marked));
        break;
      case Pooling::mean:
        detail::mean_row(rows, sequence.key_bias, to);
        break;
      case Pooling::patches:
        detail::mean_row(patches(), {}, to);
        break;
      case Pooling::first_and_patches:
        copy(0);
        detail::mean_row(patches(), {}, to + x.columns());
        break;
    }
  }
  return result;
}

}  // namespace headformer
