#pragma once

#include <memory>
#include <span>

#include "headformer/core/cold.hpp"
#include "headformer/kernels/attention.hpp"
#include "headformer/kernels/rotary.hpp"
#include "headformer/nn/attention_config.hpp"
#include "headformer/nn/ends_in_linear.hpp"
#include "headformer/nn/linear.hpp"
#include "headformer/nn/norm.hpp"

namespace headformer {

/// Mask policies: which keys [i - left, i + right] the query at absolute index i sees.
struct Causal {
  static kernels::AttentionParameters apply(kernels::AttentionParameters parameters, Index window) {
    if (window > 0) parameters.left = window - 1;
    parameters.right = 0;
    return parameters;
  }
};

/// Position policies: what happens to queries and keys before they meet.
struct Rotary {
  /// x [T, H * Dh] in place.
  static void apply(Context& context, const AttentionConfig& config, TensorView<float> x) {
    if (config.rotary.width == 0) return;  // a layer without positions (SmolLM3's every fourth)
    const Context::RotaryTable& table = context.rotary_table(config.rotary);
    kernels::rotary(context.compute(), heads(x, config.head_width), table.cosines, table.sines,
                    kernels::RotaryLayout::half_split);
  }
};
struct NoRotary {
  static void apply(Context&, const AttentionConfig&, TensorView<float>) {}
};

/// Multi-head self-attention over the sequence's state (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762).
/// x [T, D] -> y [T, D].
template <class Mask, class Position, class HeadNorm = NoHeadNorm>
struct SelfAttention : EndsInLinear<SelfAttention<Mask, Position, HeadNorm>> {
  AttentionConfig config;
  Linear query_key_value;  // [(H + 2K) * Dh, D]
  HeadNorm query_norm;     // [Dh]
  HeadNorm key_norm;       // [Dh]
  Linear output;           // [D, H * Dh]

  HEADFORMER_COLD SelfAttention(const AttentionConfig& c, const Weights& weights)
      : config(c),
        query_key_value({c.width,
                         {{"query", c.heads * c.head_width, c.head_width},
                          {"key", c.key_value_heads * c.head_width, c.head_width},
                          {"value", c.key_value_heads * c.head_width}},
                         c.bias},
                        weights),
        query_norm(c.head_norm, weights / "query_norm"),
        key_norm(c.head_norm, weights / "key_norm"),
        output({c.heads * c.head_width, {{"output", c.width}}, c.output_bias}, weights) {}

  const Linear& last() const { return output; }
  /// Stores the rows' keys and values, and attends to them. Shapes: -> [T, H * Dh].
  TensorView<const float> before_last(Context& context, TensorView<const float> x, Scratch::Frame& frame) const {
    const Index query_width = config.heads * config.head_width;
    const Index key_width = config.key_value_heads * config.head_width;
    const auto rows = frame.take_rows<float>(x.rows(), query_width + 2 * key_width);
    query_key_value(context, x, rows);
    const auto queries = rows.slice_columns(0, query_width);
    const auto keys = rows.slice_columns(query_width, query_width + key_width);
    const auto values = rows.slice_columns(query_width + key_width, query_width + 2 * key_width);
    query_norm(context, queries);
    key_norm(context, keys);
    Position::apply(context, config, queries);
    Position::apply(context, config, keys);
    store(context, keys, values);
    const auto result = frame.take_rows<float>(x.rows(), query_width);
    attend(context, queries, result);
    return result;
  }

 private:
  /// Writes the new keys and values into the sequences' pages.
  void store(Context& context, TensorView<const float> keys, TensorView<const float> values) const {
    for (const BatchSequence& sequence : context.batch().sequences) {
      const SequenceState& state = *sequence.state;
      const Index first = state.length();
      const auto& layout = state.layout(config.slot);
      parallel_for(context.compute().executor, sequence.rows, 16, [&](Index begin, Index end) {
        for (Index i = begin; i < end; ++i) {
          kernels::append(layout, state.writable_page(config.slot, first + i), (first + i) % kernels::page_positions,
                          keys.row(sequence.first_row + i), values.row(sequence.first_row + i), context.compute().isa);
        }
      });
    }
  }

  void attend(Context& context, TensorView<const float> queries, TensorView<float> y) const {
    kernels::AttentionParameters parameters;
    parameters.heads = config.heads;
    parameters.key_value_heads = config.key_value_heads;
    parameters.key_width = config.head_width;
    parameters.value_width = config.head_width;
    parameters.scale = config.scale;
    parameters.soft_cap = config.soft_cap;
    parameters = Mask::apply(parameters, config.window);
    Scratch::Frame frame(context.scratch());
    const std::size_t count = context.batch().sequences.size();
    auto* const items = frame.take<kernels::AttentionSequence>(Shape{static_cast<Index>(count)}).data();
    const std::span sequences(items, count);
    for (std::size_t i = 0; i < count; ++i) {
      const BatchSequence& sequence = context.batch().sequences[i];
      kernels::AttentionSequence& item = *std::construct_at(items + i);
      item.first_row = sequence.first_row;
      item.rows = sequence.rows;
      item.first_position = sequence.state->length();
      item.keys = sequence.state->length() + sequence.rows;
      item.pages = sequence.state->pages(config.slot);
      if (!sequence.key_bias.empty()) item.bias = sequence.key_bias.data();  // strides 0: the same for all queries
    }
    const auto& layout = context.batch().sequences.front().state->layout(config.slot);
    kernels::attention(context.compute(), parameters, layout, queries, sequences, y, context.scratch());
  }
};

}  // namespace headformer
