#pragma once

#include <optional>
#include <span>

#include "headformer/core/cold.hpp"
#include "headformer/nn/attention_steps.hpp"
#include "headformer/nn/ends_in_linear.hpp"
#include "headformer/nn/feature_maps.hpp"
#include "headformer/nn/linear.hpp"
#include "headformer/nn/map_convolution.hpp"
#include "headformer/nn/masks.hpp"
#include "headformer/nn/norm.hpp"

namespace headformer {

/// Attention of every place of a feature map to a smaller one (spatial reduction, Wang et al. 2021,
/// https://arxiv.org/abs/2102.12122): keys and values are made from what a strided convolution makes of the map. x
/// [places, D] -> y [places, D].
struct ReducedAttention : EndsInLinear<ReducedAttention> {
  /// The smaller map, normed.
  struct Reduction {
    MapConvolution convolution;  // [D, R * R * D]
    LayerNorm norm;              // [D]
  };

  AttentionConfig config;
  Linear query;                        // [D, D]
  std::optional<Reduction> reduction;  // none: keys are of the map itself
  Linear key_value;                    // [2D, D]
  Linear output;                       // [D, D]

  HEADFORMER_COLD ReducedAttention(const AttentionConfig& c, const Weights& weights)
      : config(c),
        query({c.width, {{"query", c.width}}, c.bias}, weights),
        key_value({c.width, {{"key", c.width}, {"value", c.width}}, c.bias}, weights),
        output({c.width, {{"output", c.width}}, c.output_bias}, weights) {
    if (c.reduction > 1) {
      reduction.emplace(Reduction{MapConvolution({c.width, c.width, window(c)}, weights / "reduction"),
                                  LayerNorm(c.head_norm, weights / "reduction.norm")});
    }
  }

  /// What the map of the keys is made by.
  static kernels::PatchWindow window(const AttentionConfig& config) {
    return {{config.reduction, config.reduction}, {config.reduction, config.reduction}};
  }

  const Linear& last() const { return output; }
  /// Shapes: -> [places, D]. The window fits on every map of the batch.
  TensorView<const float> before_last(Context& context, TensorView<const float> x, Scratch::Frame& frame) const {
    const auto result = frame.take_rows<float>(x.rows(), config.width);
    Scratch::Frame passing(context.scratch());
    const auto queries = passing.take_rows<float>(x.rows(), config.width);
    query(context, x, queries);
    if (!reduction) {
      attend(context, context, x, queries, result);
      return result;
    }
    const Batch smaller = maps_through(context.batch(), reduction->convolution.window);
    const auto memory = passing.take_rows<float>(smaller.rows(), config.width);
    for (std::size_t i = 0; i < smaller.sequences.size(); ++i) {
      const BatchSequence& from = context.batch().sequences[i];
      const BatchSequence& to = smaller.sequences[i];
      reduction->convolution(context, x.slice_rows(from.first_row, from.first_row + from.rows), from.grid,
                             memory.slice_rows(to.first_row, to.first_row + to.rows));
    }
    reduction->norm(context, memory, memory);
    Context inside(context.compute(), context.scratch(), context.scratch(), smaller);
    attend(context, inside, memory, queries, result);
    return result;
  }

 private:
  /// `inside`: that of the maps which the keys are made from. Shapes: memory [places of those, D].
  void attend(Context& context, Context& inside, TensorView<const float> memory, TensorView<const float> queries,
              TensorView<float> y) const {
    Scratch::Frame frame(context.scratch());
    const auto rows = frame.take_rows<float>(memory.rows(), 2 * config.width);
    key_value(inside, memory, rows);
    const auto stored = open_key_values<PassingKeyValues>(inside, config, frame);
    store(inside, stored, rows.slice_columns(0, config.width), rows.slice_columns(config.width, 2 * config.width));
    const auto sequences = attention_sequences(inside, stored, frame);
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      sequences[i].first_row = context.batch().sequences[i].first_row;
      sequences[i].rows = context.batch().sequences[i].rows;
    }
    kernels::attention(context.compute(),
                       Bidirectional::apply(attention_parameters<PassingKeyValues>(context, config), 0),
                       stored.front().layout(), queries, sequences, y, context.scratch());
  }
};

}  // namespace headformer
