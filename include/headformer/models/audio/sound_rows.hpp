#pragma once

#include <cstdint>
#include <string>

#include "headformer/models/audio/audio_encoder.hpp"
#include "headformer/models/model.hpp"

namespace headformer::detail {

/// The sounds of a call by name: input_values [B, samples] or input_features [B, C, frames], attention_mask [B,
/// samples], of which only how many are 1 counts, as in the reference: padding is behind.
class SoundRows {
 public:
  /// Throws ArgumentError for shapes that do not fit. The tensors outlive this.
  SoundRows(InputReader& reader, const AudioEncoderConfig& config) : config_(config) {
    sound_ = reader.find<float>(config.input);
    if (config.takes_mask) mask_ = reader.find<std::int64_t>("attention_mask");
    if (sound_ == nullptr) throw ArgumentError("inputs: expected " + config.input + ", found none");
    const Shape& shape = sound_->shape();
    const int rank = config.channels == 1 ? 2 : 3;
    if (shape.rank() != rank || shape.count() == 0)
      throw ArgumentError("input " + config.input + ": expected " +
                          (rank == 2 ? "[B, samples]" : "[B, " + std::to_string(config.channels) + ", frames]") +
                          ", found " + to_string(shape));
    if (mask_ != nullptr) expect_shape("attention_mask", mask_->shape(), Shape{count(), samples()});
  }

  Index count() const { return sound_->size(0); }
  Index samples() const { return sound_->size(sound_->shape().rank() - 1); }
  /// Frames of a row without padding.
  Index frames() const { return config_.frames_of(samples()); }

  /// Samples of a row that are no padding.
  Index length(Index row) const {
    if (mask_ == nullptr) return samples();
    Index length = 0;
    for (Index i = 0; i < samples(); ++i) length += mask_->data()[row * samples() + i] != 0 ? 1 : 0;
    return length;
  }

  /// Frames that are left of a row.
  Index frames(Index row) const { return config_.kept(samples(), length(row)); }

  /// Throws ArgumentError for a row of which the mask leaves nothing.
  AudioInput input(Index row) const {
    const Index own = length(row);
    if (own == 0)
      throw ArgumentError("input attention_mask: expected a 1 in each row, found none in row " + std::to_string(row));
    const Shape one = config_.channels == 1 ? Shape{samples()} : Shape{sound_->size(1), samples()};
    return {{sound_->data() + row * one.count(), one}, own};
  }

 private:
  const AudioEncoderConfig& config_;
  const Tensor<float>* sound_ = nullptr;
  const Tensor<std::int64_t>* mask_ = nullptr;
};

}  // namespace headformer::detail
