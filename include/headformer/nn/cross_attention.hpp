#pragma once

#include <span>
#include <string>

#include "headformer/core/cold.hpp"
#include "headformer/nn/attention_steps.hpp"
#include "headformer/nn/ends_in_linear.hpp"
#include "headformer/nn/linear.hpp"
#include "headformer/nn/masks.hpp"

namespace headformer {

/// Multi-head attention to a source (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762): queries are the rows',
/// keys and values the source's, which remember() has written into its state once, for all sequences and steps over it.
/// x [T, D] -> y [T, D].
struct CrossAttention : EndsInLinear<CrossAttention> {
  AttentionConfig config;
  Linear query;      // [H * Dh, D]
  Linear key_value;  // [2K * Dh, D]
  Linear output;     // [D, H * Dh]

  HEADFORMER_COLD CrossAttention(const AttentionConfig& c, const Weights& weights)
      : config(c),
        query({c.width, {{"query", c.heads * c.head_width, c.head_width}}, c.bias}, weights),
        key_value({c.width,
                   {{"key", c.key_value_heads * c.head_width, c.head_width, c.key_bias},
                    {"value", c.key_value_heads * c.head_width}},
                   c.bias},
                  weights),
        output({c.heads * c.head_width, {{"output", c.width}}, c.output_bias}, weights) {}

  /// Writes the keys and values of an encoder's output into the batch's states, which are those of the sources.
  /// Shapes: memory [S, D].
  void remember(Context& context, TensorView<const float> memory) const {
    Scratch::Frame frame(context.scratch());
    const auto rows = frame.take_rows<float>(memory.rows(), key_value.outputs());
    key_value(context, memory, rows);
    const Index width = key_value.outputs() / 2;
    store(context, open_key_values<CachedKeyValues>(context, config, frame), rows.slice_columns(0, width),
          rows.slice_columns(width, 2 * width));
  }

  /// What an observer sees the queries [T, H * Dh] of the layer with this slot under.
  static std::string queries_name(Index slot) { return "cross_attention." + std::to_string(slot) + ".queries"; }

  const Linear& last() const { return output; }
  /// Shapes: -> [T, H * Dh]. Throws ArgumentError for a sequence without a source.
  TensorView<const float> before_last(Context& context, TensorView<const float> x, Scratch::Frame& frame) const {
    const auto queries = frame.take_rows<float>(x.rows(), query.outputs());
    const auto result = frame.take_rows<float>(x.rows(), query.outputs());
    query(context, x, queries);
    if (context.observer != nullptr) (*context.observer)(queries_name(config.slot), queries);
    Scratch::Frame passing(context.scratch());
    const auto stored = open_key_values<SourceKeyValues>(context, config, passing);
    kernels::attention(
        context.compute(), Bidirectional::apply(attention_parameters<SourceKeyValues>(context, config), 0),
        stored.front().layout(), queries, attention_sequences(context, stored, passing), result, context.scratch());
    return result;
  }
};

}  // namespace headformer
