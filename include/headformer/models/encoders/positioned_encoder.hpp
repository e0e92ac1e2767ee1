#pragma once

#include "headformer/models/encoders/positioned_words.hpp"
#include "headformer/models/encoders/transformer_encoder.hpp"

namespace headformer {

/// Words with their positions, layers, a norm, and heads that are a matrix each.
template <class Positions, Block Layer, Module FinalNorm>
using PositionedEncoder =
    TransformerEncoder<PositionedWords<Positions>, Stack<Layer>, FinalNorm, HeadMaker<NoTransform, NoTransform>>;

}  // namespace headformer
