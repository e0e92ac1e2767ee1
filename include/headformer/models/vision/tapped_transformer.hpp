#pragma once

#include <deque>
#include <string>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/models/vision/dense_heads.hpp"
#include "headformer/models/vision/image_embeddings.hpp"
#include "headformer/nn/norm.hpp"

namespace headformer {

/// Patches and layers of which several are looked at: its hidden states are theirs side by side, normed where `TapNorm`
/// does. Layers after the last of them are not run.
template <Block Layer, Module TapNorm>
class TappedTransformer final : public ImageEncoder {
 public:
  ImageEmbeddings embeddings;
  std::deque<Layer> layers;
  TapNorm tap_norm;  // [D]

  HEADFORMER_COLD TappedTransformer(ImageEncoderConfig c, const Weights& weights)
      : ImageEncoder(std::move(c)),
        embeddings(config(), weights / "embedding"),
        tap_norm(config().norm, weights / "final_norm") {
    for (std::size_t i = 0; i < config().layers.size(); ++i)
      layers.emplace_back(config().layers[i], weights.layer(static_cast<Index>(i)));
    set_heads(make_dense_heads(config(), weights));
    weights.finish();
    set_report(weights.report());
  }

 private:
  void run(Context& context, std::span<const ImageInput> inputs, TensorView<float> hidden) const override {
    Scratch::Frame frame(context.scratch());
    const Index width = config().layers.front().norm.width;
    const auto x = frame.take_rows<float>(hidden.rows(), width);
    embeddings(context, inputs, x);
    Index tap = 0;
    const auto look = [&](Index at) {
      const auto& taps = config().dense.taps;
      if (tap == static_cast<Index>(taps.size()) || taps[static_cast<std::size_t>(tap)] != at) return;
      tap_norm(context, x, hidden.slice_columns(tap * width, (tap + 1) * width));
      ++tap;
    };
    look(0);
    for (Index i = 0; i < config().dense.taps.back(); ++i) {
      layers[static_cast<std::size_t>(i)](context, x);
      if (context.observer != nullptr) (*context.observer)("layers." + std::to_string(i), x);
      look(i + 1);
    }
  }
};

}  // namespace headformer
