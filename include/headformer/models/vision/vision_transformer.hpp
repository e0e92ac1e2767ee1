#pragma once

#include <type_traits>
#include <utility>

#include "headformer/blocks/pre_norm_block.hpp"
#include "headformer/blocks/stack.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/models/vision/image_embeddings.hpp"
#include "headformer/models/vision/image_heads.hpp"
#include "headformer/nn/attention.hpp"
#include "headformer/nn/feed_forward.hpp"
#include "headformer/nn/norm.hpp"

namespace headformer {

namespace detail {

/// What layers are made from: a family's whole config where they need it.
template <class Layers>
const auto& layers_config(const ImageEncoderConfig& config) {
  if constexpr (std::is_constructible_v<Layers, const ImageEncoderConfig&, const Weights&>) {
    return config;
  } else {
    return config.layers;
  }
}

}  // namespace detail

/// Patches, layers, norms where the family has them before and after, and the heads of a class.
template <Module FirstNorm, Block Layers, Module FinalNorm, class Heads, class Embeddings = ImageEmbeddings>
class VisionTransformer final : public ImageEncoder {
 public:
  Embeddings embeddings;
  FirstNorm first_norm;  // [D]
  Layers layers;
  FinalNorm final_norm;  // [D]

  HEADFORMER_COLD VisionTransformer(ImageEncoderConfig c, const Weights& weights)
      : ImageEncoder(std::move(c)),
        embeddings(config(), weights / "embedding"),
        first_norm(config().norm, weights / "first_norm"),
        layers(detail::layers_config<Layers>(config()), weights),
        final_norm(config().norm, weights / "final_norm") {
    set_heads(Heads(config(), weights).make());
    weights.finish();
    set_report(weights.report());
  }

 private:
  void run(Context& context, std::span<const ImageInput> inputs, TensorView<float> hidden) const override {
    embeddings(context, inputs, hidden);
    first_norm(context, hidden, hidden);
    layers(context, hidden);
    final_norm(context, hidden, hidden);
  }
};

/// The layer of most of them, by what is inside (ViT, https://arxiv.org/abs/2010.11929).
template <Module FeedForward = Mlp, class Position = NoRotary>
using VitLayer = PreNormBlock<LayerNorm, SelfAttention<Bidirectional, Position>, FeedForward>;

}  // namespace headformer
