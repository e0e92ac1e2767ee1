#pragma once

#include <algorithm>
#include <span>

#include "headformer/core/cold.hpp"
#include "headformer/kernels/attention.hpp"
#include "headformer/nn/attention_config.hpp"
#include "headformer/nn/linear.hpp"

namespace headformer {

/// Position policy: each head adds a learned number for the distance from query to key (T5, MPNet).
struct RelativeBias {
  Tensor<float> numbers;  // [H, 2M + 1], by distance -M to M: from there on they are the same
  Index greatest;         ///< M

  HEADFORMER_COLD RelativeBias(const AttentionConfig& config, const Weights& weights, const Linear&)
      : greatest(config.relative.greatest_distance) {
    const Tensor<float> table = (weights / "relative_bias").table("weight", Shape{config.relative.rows, config.heads});
    if (weights.measuring()) return;
    numbers = Tensor<float>(Shape{config.heads, 2 * greatest + 1});
    for (Index d = -greatest; d <= greatest; ++d) {
      const float* const row = table.view().row(config.relative.bucket(d));
      for (Index h = 0; h < config.heads; ++h) numbers.view().row(h)[greatest + d] = row[h];
    }
  }

  static void rotate(Context&, const AttentionConfig&, TensorView<float>) {}

  /// One row of numbers by distance serves all queries of a head: a query's bias begins one number before the last's.
  void add_bias(Context& context, const AttentionConfig& config, TensorView<const float>, TensorView<const float>,
                TensorView<const float>, std::span<kernels::AttentionSequence> sequences, Scratch::Frame& frame) const {
    Index before = 0;
    Index after = 0;
    for (const kernels::AttentionSequence& sequence : sequences) {
      before = std::max(before, sequence.first_position + sequence.rows - 1);
      after = std::max(after, sequence.keys - 1 - sequence.first_position);
    }
    const auto by_distance = frame.take<float>(Shape{config.heads, before + after + 1});
    for (Index h = 0; h < config.heads; ++h) fill(numbers.view().row(h), before, after, by_distance.row(h));
    for (kernels::AttentionSequence& sequence : sequences) {
      const float* const key_bias = sequence.bias;
      sequence.bias = by_distance.data() + before - sequence.first_position;
      sequence.bias_head_stride = by_distance.row_stride();
      sequence.bias_row_stride = -1;
      if (key_bias != nullptr) add_key_bias(context, config.heads, key_bias, sequence, frame);
    }
  }

 private:
  /// A head's numbers of the distances -before to after.
  void fill(const float* known, Index before, Index after, float* to) const {
    const Index far_before = std::max<Index>(before - greatest, 0);
    const Index far_after = std::max<Index>(after - greatest, 0);
    const float* const first = known + greatest - (before - far_before);
    to = std::fill_n(to, far_before, known[0]);
    to = std::copy_n(first, before - far_before + 1 + after - far_after, to);
    std::fill_n(to, far_after, known[2 * greatest]);
  }

  /// Where keys have a bias of their own too, the sum is written out.
  static void add_key_bias(Context& context, Index heads, const float* key_bias, kernels::AttentionSequence& sequence,
                           Scratch::Frame& frame) {
    const auto sum = frame.take<float>(Shape{heads, sequence.rows, sequence.keys});
    parallel_for(context.compute().executor, heads, 1, [&](Index begin, Index end) {
      for (Index h = begin; h < end; ++h) {
        for (Index r = 0; r < sequence.rows; ++r) {
          const float* const from = sequence.bias + h * sequence.bias_head_stride + r * sequence.bias_row_stride;
          float* const to = sum.row(h) + r * sequence.keys;
          for (Index k = 0; k < sequence.keys; ++k) to[k] = from[k] + key_bias[k];
        }
      }
    });
    sequence.bias = sum.data();
    sequence.bias_head_stride = sequence.rows * sequence.keys;
    sequence.bias_row_stride = sequence.keys;
  }
};

}  // namespace headformer
