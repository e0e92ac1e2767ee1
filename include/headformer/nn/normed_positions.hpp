#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/nn/embedding.hpp"
#include "headformer/nn/norm.hpp"

namespace headformer {

// Position policies of a whole model that normalise the embeddings too. x [T, D] in place.

/// norm(x + positions) (BART).
template <class Positions>
struct PositionsThenNorm {
  Positions positions;
  LayerNorm norm;  // [D]

  HEADFORMER_COLD PositionsThenNorm(const EmbeddingConfig& config, const Weights& weights)
      : positions(config, weights), norm({config.width}, weights / "embedding_norm") {}

  void operator()(Context& context, TensorView<float> x) const {
    positions(context, x);
    norm(context, x, x);
  }
};

/// norm(x) + positions (the decoder of Blenderbot's small models).
template <class Positions>
struct NormThenPositions {
  LayerNorm norm;  // [D]
  Positions positions;

  HEADFORMER_COLD NormThenPositions(const EmbeddingConfig& config, const Weights& weights)
      : norm({config.width}, weights / "embedding_norm"), positions(config, weights) {}

  void operator()(Context& context, TensorView<float> x) const {
    norm(context, x, x);
    positions(context, x);
  }
};

}  // namespace headformer
