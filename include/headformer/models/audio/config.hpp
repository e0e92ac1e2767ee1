#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "headformer/blocks/layer_config.hpp"
#include "headformer/models/encoders/head_config.hpp"
#include "headformer/nn/convolutional_positions.hpp"
#include "headformer/nn/temporal_convolution.hpp"

namespace headformer {

/// What a class puts on top of an encoder of sound.
enum class AudioTask {
  base,                  ///< the hidden states themselves
  ctc,                   ///< a character of every frame, or none (Graves et al. 2006)
  classification,        ///< of the whole
  frame_classification,  ///< of every frame
  speaker_vector,        ///< x-vectors (Snyder et al. 2018)
};

/// A time-delay layer: a convolution whose taps lie apart.
struct TimeDelayConfig {
  Index inputs = 0;
  Index outputs = 0;
  Index taps = 1;
  Index dilation = 1;
};

/// What an encoder of sound is made from. C channels, D width of the layers.
struct AudioEncoderConfig {
  std::string family;
  AudioTask task = AudioTask::base;
  std::string input = "input_values";                   ///< what forward() calls the sound
  Index channels = 1;                                   ///< C, rows of features; 1: a waveform
  Index frames = 0;                                     ///< columns that features must have; 0: any number
  std::vector<TemporalConvolutionConfig> convolutions;  ///< what frames are made by, one after another
  bool takes_mask = true;
  bool hears_padding = false;   ///< there is a norm over a whole row, with what a mask leaves out
  Index mask_stride = 0;        ///< every so many values of a mask stand for a frame; 0: as the convolutions do
  bool gives_features = false;  ///< what convolutions make of the sound is an output too
  bool norms_features = true;
  Index width = 0;              ///< D
  Index learned_positions = 0;  ///< rows of a table; 0: none
  ConvolutionalPositionsConfig convolutional_positions;
  NormConfig norm;
  std::vector<LayerConfig> layers;
  bool stable = false;           ///< norms are before the sub-layers
  bool weighted_layers = false;  ///< the heads look at a weighted sum of all layers

  Index words = 0;  ///< of CTC
  Index labels = 2;
  TransformConfig classifier;
  std::vector<TimeDelayConfig> time_delays;
  Index speaker_width = 0;  ///< of x-vectors

  /// Frames that convolutions make of so many samples, or columns of features.
  Index frames_of(Index samples) const {
    for (const TemporalConvolutionConfig& convolution : convolutions) samples = convolution.rows(samples);
    return samples;
  }
  /// Fewer frames are no sound: of x-vectors the deviation is asked for.
  Index least_frames() const {
    Index result = time_delays.empty() ? 1 : 2;
    for (const TimeDelayConfig& delay : time_delays) result += (delay.taps - 1) * delay.dilation;
    return result;
  }
  /// Frames of a row of which a mask leaves the first `length`.
  Index kept(Index samples, Index length) const {
    if (mask_stride == 0) return frames_of(length);
    return std::min(frames_of(samples), (length + mask_stride - 1) / mask_stride);
  }
};

}  // namespace headformer
