#pragma once

#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "headformer/models/audio/audio_input.hpp"
#include "headformer/models/audio/config.hpp"
#include "headformer/models/encoders/grouped_encoder.hpp"

namespace headformer {

/// An encoder of sound of any family, with the heads of its class: a waveform or features in, hidden states or what the
/// heads make of them out, a row a frame. An observer sees "features", what convolutions make of each sound, too.
/// Immutable, shareable between threads; what changes lives in the workspace.
class AudioEncoder : public GroupedEncoder<AudioEncoderConfig, AudioInput> {
 public:
  /// Frames of a sound. Throws ArgumentError for a shape that the model does not take, a length past the end, and a
  /// sound too short for a frame.
  Index rows(const AudioInput& input) const override {
    const Shape& shape = input.sound.shape();
    const bool waveform = config().channels == 1;
    if (waveform ? shape.rank() != 1 : shape.rank() != 2 || shape[0] != config().channels)
      throw ArgumentError(config().input + ": expected " +
                          (waveform ? "[samples]" : "[" + std::to_string(config().channels) + ", frames]") +
                          " a sound, found " + to_string(shape));
    const Index samples = shape[shape.rank() - 1];
    if (config().frames > 0 && samples != config().frames)
      throw ArgumentError(config().input + ": expected " + std::to_string(config().frames) + " frames, found " +
                          std::to_string(samples));
    if (input.length < 0 || input.length > samples)
      throw ArgumentError("length: expected 0 to " + std::to_string(samples) + ", found " +
                          std::to_string(input.length));
    const Index frames = config().kept(samples, input.length == 0 ? samples : input.length);
    if (frames < config().least_frames())
      throw ArgumentError(config().input + ": expected samples enough for " + std::to_string(config().least_frames()) +
                          " frames, found " + std::to_string(input.length == 0 ? samples : input.length));
    return frames;
  }

 protected:
  using GroupedEncoder::GroupedEncoder;

 private:
  void append(const AudioInput& input, Batch& batch) const override {
    BatchSequence sequence{batch.rows(), rows(input), 0, nullptr, {}};
    sequence.total_length = sequence.rows;
    batch.sequences.push_back(sequence);
    batch.positions.resize(static_cast<std::size_t>(sequence.first_row + sequence.rows));
    std::iota(batch.positions.end() - sequence.rows, batch.positions.end(), 0);
  }
};

}  // namespace headformer
