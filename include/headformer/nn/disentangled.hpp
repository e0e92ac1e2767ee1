#pragma once

#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/kernels/attention.hpp"
#include "headformer/kernels/matmul.hpp"
#include "headformer/nn/attention_config.hpp"
#include "headformer/nn/linear.hpp"
#include "headformer/nn/norm.hpp"

namespace headformer {

/// Position policy: disentangled attention (DeBERTa, He et al. 2021, https://arxiv.org/abs/2006.03654). To the
/// content's scores come those of the query's content with the distance, and of the key's content with the distance.
/// What the distances' matrices make of the table does not depend on the input: it is computed once, when the layer is
/// bound.
struct Disentangled {
  std::vector<kernels::PackedMatrix> position_keys;     // a head each: [2 * span, Dh]; empty: no content-to-position
  std::vector<kernels::PackedMatrix> position_queries;  // likewise; empty: no position-to-content

  HEADFORMER_COLD Disentangled(const AttentionConfig& config, const Weights& weights, const Linear& query_key_value) {
    const DisentangledConfig& relative = config.disentangled;
    if (relative.span == 0) return;
    Tensor<float> table = (weights / "relative_embedding").table("weight", Shape{2 * relative.span, config.width});
    Batch batch;
    Scratch scratch;
    Scratch tables;
    Context context({weights.executor()}, scratch, tables, batch);
    if (relative.normed) {
      const LayerNorm norm({config.width, relative.epsilon}, weights / "relative_norm");
      if (!weights.measuring()) norm(context, table, table);
    }
    const Index width = config.heads * config.head_width;
    const auto project = [&](const char* name, bool wanted, Index shared_column) {
      if (!wanted) return std::vector<kernels::PackedMatrix>();
      if (relative.shared_projections) return heads_of(context, config, query_key_value, shared_column, table);
      return heads_of(context, config, Linear({config.width, {{name, width}}, true}, weights), 0, table);
    };
    position_keys = project("position_key", relative.content_to_position, width);
    position_queries = project("position_query", relative.position_to_content, 0);
  }

  static void rotate(Context&, const AttentionConfig&, TensorView<float>) {}

  void add_bias(Context& context, const AttentionConfig& config, TensorView<const float>,
                TensorView<const float> queries, TensorView<const float> keys,
                std::span<kernels::AttentionSequence> sequences, Scratch::Frame& frame) const {
    if (config.disentangled.span == 0) return;
    std::vector<TensorView<float>> biases;
    for (const kernels::AttentionSequence& sequence : sequences)
      biases.push_back(frame.take<float>(Shape{config.heads, sequence.rows, sequence.keys}));
    for (Index head = 0; head < config.heads; ++head) {
      Scratch::Frame head_frame(context.scratch());
      const auto by_query = scores(context, config, position_keys, queries, head, head_frame);
      const auto by_key = scores(context, config, position_queries, keys, head, head_frame);
      for (std::size_t i = 0; i < sequences.size(); ++i)
        fill(context, config, by_query, by_key, sequences[i], biases[i].row(head));
    }
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      sequences[i].bias = biases[i].data();
      sequences[i].bias_head_stride = sequences[i].rows * sequences[i].keys;
      sequences[i].bias_row_stride = sequences[i].keys;
    }
  }

 private:
  /// The table through columns of a projection, cut into heads.
  static std::vector<kernels::PackedMatrix> heads_of(Context& context, const AttentionConfig& config,
                                                     const Linear& projection, Index first_column,
                                                     TensorView<const float> table) {
    std::vector<kernels::PackedMatrix> result;
    if (table.rows() == 0) return result;  // measuring
    Tensor<float> all(Shape{table.rows(), projection.outputs()});
    projection(context, table, all);
    const auto row_bytes = static_cast<std::size_t>(config.head_width) * sizeof(float);
    for (Index head = 0; head < config.heads; ++head) {
      const Index column = first_column + head * config.head_width;
      const auto row = [&](Index r, std::byte* buffer) -> const std::byte* {
        std::memcpy(buffer, all.view().row(r) + column, row_bytes);
        return buffer;
      };
      result.push_back(
          kernels::PackedMatrix::pack(context.compute().executor, DType::f32, table.rows(), config.head_width, row));
    }
    return result;
  }

  /// A head's rows with every distance, scaled as the content's scores are; none where the config has none.
  /// Shapes: x [T, H * Dh] -> [T, 2 * span].
  static TensorView<const float> scores(Context& context, const AttentionConfig& config,
                                        const std::vector<kernels::PackedMatrix>& positions, TensorView<const float> x,
                                        Index head, Scratch::Frame& frame) {
    if (positions.empty()) return {};
    const auto y = frame.take_rows<float>(x.rows(), 2 * config.disentangled.span);
    const kernels::Scale scale{config.scale, context.compute().isa};
    const kernels::Epilogue epilogue(scale);
    const kernels::Product product{&positions[static_cast<std::size_t>(head)], y, &epilogue};
    kernels::matmul(context.compute(), x.slice_columns(head * config.head_width, (head + 1) * config.head_width),
                    std::span(&product, 1), context.scratch());
    return y;
  }

  /// bias[i][j] = by_query[i][row(i - j)] + by_key[j][row(i - j)], and what the key has of its own.
  static void fill(Context& context, const AttentionConfig& config, TensorView<const float> by_query,
                   TensorView<const float> by_key, const kernels::AttentionSequence& sequence, float* bias) {
    const DisentangledConfig& relative = config.disentangled;
    Scratch::Frame frame(context.scratch());
    const Index keys = sequence.keys;
    const auto rows = frame.take<Index>(Shape{2 * keys - 1});  // of the distances from 1 - keys on
    for (Index d = 1 - keys; d < keys; ++d) rows.data()[keys - 1 + d] = relative.row(d);
    parallel_for(context.compute().executor, sequence.rows, 8, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        const Index* const row = rows.data() + keys - 1 + i;
        float* const out = bias + i * keys;
        for (Index j = 0; j < keys; ++j) out[j] = sequence.bias == nullptr ? 0.0F : sequence.bias[j];
        if (by_query.data() != nullptr) {
          for (Index j = 0; j < keys; ++j) out[j] += by_query.row(sequence.first_row + i)[row[-j]];
        }
        if (by_key.data() != nullptr) {
          for (Index j = 0; j < keys; ++j) out[j] += by_key.row(sequence.first_row + j)[row[-j]];
        }
      }
    });
  }
};

}  // namespace headformer
