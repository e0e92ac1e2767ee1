#pragma once

#include <span>

#include "headformer/core/cold.hpp"
#include "headformer/kernels/attention.hpp"
#include "headformer/kernels/rotary.hpp"
#include "headformer/nn/attention_config.hpp"
#include "headformer/nn/attention_steps.hpp"
#include "headformer/nn/ends_in_linear.hpp"
#include "headformer/nn/linear.hpp"
#include "headformer/nn/masks.hpp"
#include "headformer/nn/norm.hpp"

namespace headformer {

// Position policies: what happens to queries and keys before they meet, and what is added to their scores. Those that
// add something have headers of their own (relative_bias.hpp, disentangled.hpp).

/// Nothing: positions came in with the embeddings.
struct NoRotary {
  NoRotary(const AttentionConfig&, const Weights&, const Linear&) {}
  static void rotate(Context&, const AttentionConfig&, TensorView<float>) {}
  /// x [T, D], what the layer was given; queries [T, H * Dh], keys [T, K * Dh].
  static void add_bias(Context&, const AttentionConfig&, TensorView<const float>, TensorView<const float>,
                       TensorView<const float>, std::span<kernels::AttentionSequence>, Scratch::Frame&) {}
};

/// Rotary position embedding (see RotaryConfig).
template <kernels::RotaryLayout Layout>
struct RotaryOf : NoRotary {
  using NoRotary::NoRotary;
  /// x [T, H * Dh] in place.
  static void rotate(Context& context, const AttentionConfig& config, TensorView<float> x) {
    if (config.rotary.width == 0) return;  // a layer without positions (SmolLM3's every fourth)
    const Context::RotaryTable& table = context.rotary_table(config.rotary);
    kernels::rotary(context.compute(), heads(x, config.head_width), table.cosines, table.sines, Layout);
  }
};
using Rotary = RotaryOf<kernels::RotaryLayout::half_split>;
using InterleavedRotary = RotaryOf<kernels::RotaryLayout::interleaved>;

/// Multi-head self-attention (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762). x [T, D] -> y [T, D].
template <class Mask, class Position, class HeadNorm = NoHeadNorm>
struct SelfAttention : EndsInLinear<SelfAttention<Mask, Position, HeadNorm>> {
  AttentionConfig config;
  Linear query_key_value;  // [(H + 2K) * Dh, D]
  HeadNorm query_norm;     // [Dh]
  HeadNorm key_norm;       // [Dh]
  Position position;
  Linear output;  // [D, H * Dh]

  HEADFORMER_COLD SelfAttention(const AttentionConfig& c, const Weights& weights)
      : config(c),
        query_key_value({c.width,
                         {{"query", c.heads * c.head_width, c.head_width},
                          {"key", c.key_value_heads * c.head_width, c.head_width, c.key_bias},
                          {"value", c.key_value_heads * c.head_width}},
                         c.bias},
                        weights),
        query_norm(c.head_norm, weights / "query_norm"),
        key_norm(c.head_norm, weights / "key_norm"),
        position(c, weights, query_key_value),
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
    position.rotate(context, config, queries);
    position.rotate(context, config, keys);
    const auto result = frame.take_rows<float>(x.rows(), query_width);
    Scratch::Frame passing(context.scratch());
    const auto stored = open_key_values<typename Mask::KeyValues>(context, config, passing);
    store(context, stored, keys, values);
    attend(context, stored, x, queries, keys, result);
    return result;
  }

 private:
  void attend(Context& context, std::span<const typename Mask::KeyValues> stored, TensorView<const float> x,
              TensorView<const float> queries, TensorView<const float> keys, TensorView<float> y) const {
    Scratch::Frame frame(context.scratch());
    const std::span<kernels::AttentionSequence> sequences = attention_sequences(context, stored, frame);
    for (std::size_t i = 0; i < stored.size(); ++i) {
      const std::span<const float> key_bias = context.batch().sequences[i].key_bias;
      if (!key_bias.empty()) sequences[i].bias = key_bias.data();  // strides 0: the same for all queries
    }
    position.add_bias(context, config, x, queries, keys, sequences, frame);
    kernels::attention(context.compute(),
                       Mask::apply(attention_parameters<typename Mask::KeyValues>(context, config), config.window),
                       stored.front().layout(), queries, sequences, y, context.scratch());
  }
};

}  // namespace headformer
