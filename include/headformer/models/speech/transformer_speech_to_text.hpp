#pragma once

#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/models/speech/speech_to_text.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

/// An encoder of sound and a decoder whose layers attend to what it makes.
template <class SoundEncoder, class Decoder>
class TransformerSpeechToText final : public SpeechToText {
 public:
  SoundEncoder sound_encoder;
  Decoder text_decoder;

  HEADFORMER_COLD TransformerSpeechToText(SpeechToTextConfig c, const Weights& weights)
      : SpeechToText(settle(std::move(c))),
        sound_encoder(config().encoder, weights / "encoder"),
        text_decoder(config().decoder, weights / "decoder") {
    weights.finish();
    set_report(weights.report());
  }

  const AudioEncoder& encoder() const override { return sound_encoder; }
  const CausalLanguageModel& decoder() const override { return text_decoder; }

 private:
  static SpeechToTextConfig settle(SpeechToTextConfig config) {
    config.decoder.has_output = config.generates;
    return config;
  }

  void write_source(Context& context, TensorView<const float> hidden) const override {
    for (const auto& layer : text_decoder.layers.layers) layer.cross.remember(context, hidden);
  }
};

}  // namespace headformer
