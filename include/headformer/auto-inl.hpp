#pragma once

#include <memory>
#include <string>
#include <utility>

#include "headformer/auto.hpp"
#include "headformer/auto_audio_encoder.hpp"
#include "headformer/auto_causal_lm.hpp"
#include "headformer/auto_dual_encoder.hpp"
#include "headformer/auto_encoder.hpp"
#include "headformer/auto_image_encoder.hpp"
#include "headformer/auto_seq2seq.hpp"
#include "headformer/auto_speech_to_text.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/models/architecture_error.hpp"
#include "headformer/models/audio/audio_encoder_model.hpp"
#include "headformer/models/audio/spectrogram_model.hpp"
#include "headformer/models/causal_lm/causal_lm_model.hpp"
#include "headformer/models/dual/dual_encoder_model.hpp"
#include "headformer/models/encoders/encoder_model.hpp"
#include "headformer/models/seq2seq/seq2seq_model.hpp"
#include "headformer/models/speech/speech_to_text_model.hpp"
#include "headformer/models/vision/image_encoder_model.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

HEADFORMER_INLINE std::unique_ptr<Model> open_model(const Checkpoint& checkpoint, ModelOptions options) {
  if (options.load.executor == nullptr) options.load.executor = options.workspace->executor.get();
  if (is_encoder(checkpoint))
    return std::make_unique<EncoderModel>(open_encoder(checkpoint, options.load), options.workspace);
  if (is_image_encoder(checkpoint))
    return std::make_unique<ImageEncoderModel>(open_image_encoder(checkpoint, options.load), options.workspace);
  if (is_audio_encoder(checkpoint))
    return std::make_unique<AudioEncoderModel>(open_audio_encoder(checkpoint, options.load), options.workspace);
  if (is_spectrogram_encoder(checkpoint))
    return std::make_unique<SpectrogramModel>(open_spectrogram_encoder(checkpoint, options.load), options.workspace);
  if (is_speech_to_text(checkpoint)) {
    return std::make_unique<SpeechToTextModel>(open_speech_to_text(checkpoint, options.load), options.workspace,
                                               options.cache);
  }
  if (is_dual_encoder(checkpoint))
    return std::make_unique<DualEncoderModel>(open_dual_encoder(checkpoint, options.load), options.workspace);
  if (is_seq2seq(checkpoint))
    return std::make_unique<Seq2SeqModel>(open_seq2seq(checkpoint, options.load), options.workspace, options.cache);
  if (!is_causal_lm(checkpoint)) {
    const bool gguf = checkpoint.is_gguf();
    std::string known =
        causal_lm_architectures(gguf) + ", " + encoder_architectures(gguf) + ", " + seq2seq_architectures(gguf);
    if (!gguf) {
      known += ", " + image_encoder_architectures() + ", " + dual_encoder_architectures() + ", " +
               audio_encoder_architectures() + ", " + spectrogram_encoder_architectures() + ", " +
               speech_to_text_architectures();
    }
    detail::fail_architecture(checkpoint, known);
  }
  std::shared_ptr<const CausalLanguageModel> model = open_causal_lm(checkpoint, options.load);
  return std::make_unique<CausalLmModel>(std::move(model), options.workspace, options.cache);
}

HEADFORMER_INLINE std::unique_ptr<Model> open_model(const std::filesystem::path& path, ModelOptions options) {
  return open_model(Checkpoint::open(path), std::move(options));
}

}  // namespace headformer
