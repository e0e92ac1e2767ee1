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
  Tensor<float> table;  // [rows, H]

  HEADFORMER_COLD RelativeBias(const AttentionConfig& config, const Weights& weights, const Linear&)
      : table((weights / "relative_bias").table("weight", Shape{config.relative.rows, config.heads})) {}

  static void rotate(Context&, const AttentionConfig&, TensorView<float>) {}

  /// One row of numbers by distance serves all queries of a head: a query's bias begins one number before the last's.
  void add_bias(Context& context, const AttentionConfig& config, TensorView<const float>, TensorView<const float>,
                std::span<kernels::AttentionSequence> sequences, Scratch::Frame& frame) const {
    Index longest = 0;
    for (const kernels::AttentionSequence& sequence : sequences) longest = std::max(longest, sequence.keys);
    const auto by_distance = frame.take<float>(Shape{config.heads, 2 * longest - 1});
    for (Index d = 1 - longest; d < longest; ++d) {
      const float* const numbers = table.view().row(config.relative.bucket(d));
      for (Index h = 0; h < config.heads; ++h) by_distance.row(h)[longest - 1 + d] = numbers[h];
    }
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      kernels::AttentionSequence& sequence = sequences[i];
      const float* const key_bias = sequence.bias;
      sequence.bias = by_distance.data() + longest - 1;
      sequence.bias_head_stride = by_distance.row_stride();
      sequence.bias_row_stride = -1;
      if (key_bias != nullptr) add_key_bias(context, config.heads, key_bias, sequence, frame);
    }
  }

 private:
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
