#pragma once

#include <optional>

#include "headformer/core/cold.hpp"
#include "headformer/models/encoders/config.hpp"
#include "headformer/models/tied_output.hpp"
#include "headformer/nn/embedding.hpp"
#include "headformer/nn/linear.hpp"
#include "headformer/nn/norm.hpp"

namespace headformer {

namespace detail {

HEADFORMER_COLD inline std::optional<Linear> embedding_projection(const EncoderConfig& config, const Weights& weights) {
  if (!config.projects_embeddings) return std::nullopt;
  return Linear({config.embedding_width, {{"embedding_projection", config.width}}, config.projection_bias}, weights);
}

}  // namespace detail

// What leads from the sum of the embeddings to the first layer: policies. Shapes: x [T, E] (overwritten) -> y [T, D].

/// A norm, then a matrix where the table is factored (Lan et al. 2020, https://arxiv.org/abs/1909.11942).
struct NormThenProjection {
  LayerNorm norm;                    // [E]
  std::optional<Linear> projection;  // [D, E]

  HEADFORMER_COLD NormThenProjection(const EncoderConfig& config, const Weights& weights)
      : norm({config.embedding_width, config.norm.epsilon, config.norm.bias}, weights / "embedding_norm"),
        projection(detail::embedding_projection(config, weights)) {}

  void operator()(Context& context, TensorView<float> x, TensorView<float> y) const {
    norm(context, x, projection ? x : y);
    if (projection) (*projection)(context, x, y);
  }
};

/// The matrix before the norm (DeBERTa v2).
struct ProjectionThenNorm {
  std::optional<Linear> projection;  // [D, E]
  LayerNorm norm;                    // [D]

  HEADFORMER_COLD ProjectionThenNorm(const EncoderConfig& config, const Weights& weights)
      : projection(detail::embedding_projection(config, weights)), norm(config.norm, weights / "embedding_norm") {}

  void operator()(Context& context, TensorView<float> x, TensorView<float> y) const {
    if (projection) (*projection)(context, x, y);
    norm(context, projection ? y : x, y);
  }
};

/// Words, and what the config adds to them: learned positions, token types.
template <class Finish>
struct InputEmbeddings {
  Embedding words;                            // [V, E]
  std::optional<LearnedPositions> positions;  // [P, E]
  std::optional<TokenTypes> token_types;      // [S, E]
  Finish finish;

  HEADFORMER_COLD InputEmbeddings(const EncoderConfig& config, const Weights& weights)
      : words({config.vocabulary, config.embedding_width}, weights / table_of_embedding(config.tied_output, weights)),
        finish(config, weights) {
    if (config.learned_positions > 0)
      positions.emplace(EmbeddingConfig{config.learned_positions, config.embedding_width}, weights);
    if (config.token_types > 0)
      token_types.emplace(EmbeddingConfig{config.token_types, config.embedding_width}, weights);
  }

  /// x [T, E], the words (overwritten) -> y [T, D].
  void operator()(Context& context, TensorView<float> x, TensorView<float> y) const {
    if (token_types) (*token_types)(context, x);
    if (positions) (*positions)(context, x);
    finish(context, x, y);
  }
};

}  // namespace headformer
