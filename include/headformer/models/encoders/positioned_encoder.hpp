#pragma once

#include <algorithm>

#include "headformer/core/cold.hpp"
#include "headformer/models/encoders/transformer_encoder.hpp"
#include "headformer/nn/embedding.hpp"

namespace headformer {

/// Words and what is done to them before the first layer, by a policy of positions.
template <class Positions>
struct PositionedWords {
  Embedding words;  // [V, D]
  Positions positions;

  HEADFORMER_COLD PositionedWords(const EncoderConfig& config, const Weights& weights)
      : words({config.vocabulary, config.width, config.embedding_scale}, weights / "embedding"),
        positions({config.learned_positions, config.width, 1, config.skipped_positions, config.padding_id}, weights) {}

  /// x [T, D], the words (overwritten) -> y [T, D].
  void operator()(Context& context, TensorView<float> x, TensorView<float> y) const {
    positions(context, x);
    for (Index r = 0; r < x.rows(); ++r) std::copy_n(x.row(r), x.columns(), y.row(r));
  }
};

/// Such words, layers, a norm, and heads that are a matrix each.
template <class Positions, Block Layer, Module FinalNorm>
using PositionedEncoder =
    TransformerEncoder<PositionedWords<Positions>, Stack<Layer>, FinalNorm, HeadMaker<NoTransform, NoTransform>>;

}  // namespace headformer
