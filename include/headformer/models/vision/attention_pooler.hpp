#pragma once

#include <algorithm>
#include <span>

#include "headformer/blocks/residual.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/models/encoders/head.hpp"
#include "headformer/models/vision/config.hpp"
#include "headformer/nn/attention_steps.hpp"
#include "headformer/nn/feed_forward.hpp"
#include "headformer/nn/linear.hpp"
#include "headformer/nn/masks.hpp"
#include "headformer/nn/norm.hpp"

namespace headformer {

/// Pooling by attention: a learned query looks at all rows of a picture, a feed-forward follows (Lee et al. 2019,
/// https://arxiv.org/abs/1810.00825; SigLIP).
class AttentionPooler final : public EncoderHead {
 public:
  AttentionConfig config;
  Tensor<float> probe;     // [1, D]
  Linear query_key_value;  // [3 * H * Dh, D]
  Linear output;           // [D, H * Dh]
  LayerNorm norm;          // [D]
  Mlp ff;

  HEADFORMER_COLD AttentionPooler(const ImageEncoderConfig& c, const Weights& weights)
      : EncoderHead({{"pooler_output"}, c.width}),
        config(c.layers.front().attention),
        probe(weights.table("probe", Shape{1, c.width})),
        query_key_value({c.width, {{"query", c.width}, {"key", c.width}, {"value", c.width}}, true}, weights / "attn"),
        output({c.width, {{"output", c.width}}, true}, weights / "attn"),
        norm(c.norm, weights / "ff_norm"),
        ff(c.layers.front().feed_forward, weights / "ff") {}

  void operator()(Context& context, TensorView<const float> hidden, TensorView<float> y) const override {
    Scratch::Frame frame(context.scratch());
    const Index width = hidden.columns();
    const auto asked = frame.take_rows<float>(1, 3 * width);
    query_key_value(context, probe.view(), asked);
    const auto queries = frame.take_rows<float>(y.rows(), width);
    for (Index r = 0; r < y.rows(); ++r) std::copy_n(asked.row(0), width, queries.row(r));

    const auto rows = frame.take_rows<float>(hidden.rows(), 3 * width);
    query_key_value(context, hidden, rows);
    const auto stored = open_key_values<PassingKeyValues>(context, config, frame);
    store(context, stored, rows.slice_columns(width, 2 * width), rows.slice_columns(2 * width, 3 * width));
    const auto sequences = attention_sequences(context, stored, frame);
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      sequences[i].first_row = static_cast<Index>(i);
      sequences[i].rows = 1;
    }
    const auto pooled = frame.take_rows<float>(y.rows(), width);
    kernels::attention(context.compute(),
                       Bidirectional::apply(attention_parameters<PassingKeyValues>(context, config), 0),
                       stored.front().layout(), queries, sequences, pooled, context.scratch());
    output(context, pooled, y);
    add_residual(context, y, norm, ff);
  }
};

}  // namespace headformer
