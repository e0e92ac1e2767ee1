#pragma once

#include <cstdint>
#include <span>

#include "headformer/core/cold.hpp"
#include "headformer/nn/context.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

struct EmbeddingConfig {
  Index count = 0;     ///< V
  Index width = 0;     ///< D
  float scale = 1;     ///< rows are multiplied by it
  Index skipped = 0;   ///< rows of a positions' table before that of position 0 (BART)
  Index padding = -1;  ///< the position that stands for padding, which adds nothing (M2M-100)
};

/// Rows of a table by id; the table may be quantised and is shared with a tied output. ids [T] -> y [T, D].
struct Embedding {
  kernels::PackedMatrix table;  // [V, D]
  float scale;

  HEADFORMER_COLD Embedding(const EmbeddingConfig& config, const Weights& weights) : scale(config.scale) {
    const MatrixPart part{"", config.count};
    table = std::move(weights.matrices(std::span(&part, 1), config.width).front());
  }

  /// With a table that is another's too.
  Embedding(kernels::PackedMatrix shared, float s) : table(std::move(shared)), scale(s) {}

  /// The ids have been checked against the vocabulary.
  void operator()(Context& context, std::span<const std::int32_t> ids, TensorView<float> y) const {
    parallel_for(context.compute().executor, static_cast<Index>(ids.size()), 8, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        table.row(ids[static_cast<std::size_t>(i)], y.row(i));
        if (scale == 1.0F) continue;
        for (float& value : y.row_span(i)) value *= scale;
      }
    });
  }
};

/// Adds a row of a small table to each row of x, by index; x [T, D] in place, indices [T] checked against the table.
inline void add_rows(TensorView<const float> table, std::span<const std::int32_t> indices, TensorView<float> x) {
  for (Index r = 0; r < x.rows(); ++r) {
    const float* row = table.row(indices[static_cast<std::size_t>(r)]);
    float* out = x.row(r);
    for (Index i = 0; i < x.columns(); ++i) out[i] += row[i];
  }
}

/// Position policies of a whole model: nothing is added to the embeddings, or a learned row a position (GPT-2).
struct NoPositions {
  NoPositions(const EmbeddingConfig&, const Weights&) {}
  void operator()(Context&, TensorView<float>) const {}
};
struct LearnedPositions {
  Tensor<float> table;  // [skipped + P, D]
  Index skipped;

  HEADFORMER_COLD LearnedPositions(const EmbeddingConfig& config, const Weights& weights)
      : table((weights / "positions").table("weight", Shape{config.skipped + config.count, config.width})),
        skipped(config.skipped) {}

  /// x [T, D] in place; positions have been checked against the table.
  void operator()(Context& context, TensorView<float> x) const {
    add_rows(table.view().slice_rows(skipped, table.size(0)), context.batch().positions, x);
  }
};

/// A learned row for each of the texts that a sequence consists of (BERT's segments).
struct TokenTypes {
  Tensor<float> table;  // [S, D]

  HEADFORMER_COLD TokenTypes(const EmbeddingConfig& config, const Weights& weights)
      : table((weights / "token_types").table("weight", Shape{config.count, config.width})) {}

  /// x [T, D] in place; token types have been checked against the table.
  void operator()(Context& context, TensorView<float> x) const {
    add_rows(table.view(), context.batch().token_types, x);
  }
};

}  // namespace headformer
