#pragma once

#include <utility>

#include "headformer/blocks/stack.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/models/audio/audio_encoder.hpp"
#include "headformer/models/audio/audio_heads.hpp"
#include "headformer/nn/norm.hpp"

namespace headformer {

/// Frames of sound, layers, norms where the family has them before and after, and the heads of a class.
template <class Embeddings, Module FirstNorm, Block Layers, Module FinalNorm>
class AudioTransformer final : public AudioEncoder {
 public:
  Embeddings embeddings;
  FirstNorm first_norm;  // [D]
  Layers layers;
  FinalNorm final_norm;  // [D]

  HEADFORMER_COLD AudioTransformer(AudioEncoderConfig c, const Weights& weights)
      : AudioEncoder(std::move(c)),
        embeddings(config(), weights / "embedding"),
        first_norm(config().norm, weights / "first_norm"),
        layers(config().layers, weights),
        final_norm(config().norm, weights / "final_norm") {
    set_heads(make_audio_heads(config(), weights));
    weights.finish();
    set_report(weights.report());
  }

 private:
  void run(Context& context, std::span<const AudioInput> inputs, TensorView<float> hidden) const override {
    embeddings(context, inputs, hidden);
    first_norm(context, hidden, hidden);
    layers(context, hidden);
    final_norm(context, hidden, hidden);
  }
};

}  // namespace headformer
