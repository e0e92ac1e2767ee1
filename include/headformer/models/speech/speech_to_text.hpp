#pragma once

#include <span>
#include <utility>
#include <vector>

#include "headformer/models/audio/audio_encoder.hpp"
#include "headformer/models/seq2seq/decoder_over_source.hpp"
#include "headformer/models/speech/config.hpp"

namespace headformer {

/// A speech-to-text model of any family: a sound is encoded once, and any number of decoder sequences go on over it.
/// Immutable, shareable between threads; what changes lives in the sequences and the workspace.
class SpeechToText : public DecoderOverSource {
 public:
  const SpeechToTextConfig& config() const { return config_; }
  virtual const AudioEncoder& encoder() const = 0;

  /// Encodes sounds. A source's bits do not depend on what else is there, nor on threads. `cache`: f32, f16, bf16 or
  /// q8_0. Throws as AudioEncoder::encode(), and ArgumentError for another cache type.
  std::vector<Source> encode(Workspace& workspace, std::span<const AudioInput> inputs, DType cache = DType::f32) const {
    std::vector<Index> lengths;
    Index rows = 0;
    for (const AudioInput& input : inputs) rows += lengths.emplace_back(encoder().rows(input));
    Tensor<float> hidden(Shape{rows, config_.encoder.width});
    encoder().encode(workspace, inputs, hidden);
    return remember(workspace, hidden, lengths, cache);
  }
  Source encode(Workspace& workspace, const AudioInput& input, DType cache = DType::f32) const {
    return encode(workspace, std::span(&input, 1), cache).front();
  }

 protected:
  explicit SpeechToText(SpeechToTextConfig config) : config_(std::move(config)) {}

 private:
  SpeechToTextConfig config_;
};

}  // namespace headformer
