#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/audio/waveform_transformer.hpp"
#include "headformer/models/readers/json_audio.hpp"
#include "headformer/models/readers/waveform_names.hpp"

// wav2vec 2.0 (Baevski et al. 2020, https://arxiv.org/abs/2006.11477).
namespace headformer::wav2vec2 {

inline NameTable names() {
  NameTable table{waveform_rows, waveform_ignored};
  table.base = "wav2vec2";
  return table;
}

HEADFORMER_COLD inline AudioEncoderConfig config(const Checkpoint& checkpoint, AudioTask task) {
  AudioEncoderConfig config = read_waveform_encoder(checkpoint.config(), "Wav2Vec2", task);
  config.gives_features = true;
  read_language_adapters(checkpoint, config);
  return config;
}

inline constexpr AudioClass classes[] = {
    {"Wav2Vec2Model", AudioTask::base},
    {"Wav2Vec2ForCTC", AudioTask::ctc},
    {"Wav2Vec2ForSequenceClassification", AudioTask::classification},
    {"Wav2Vec2ForAudioFrameClassification", AudioTask::frame_classification},
    {"Wav2Vec2ForXVector", AudioTask::speaker_vector},
};
inline constexpr AudioFamily family = {"Wav2Vec2", classes, config, names, make_waveform_encoder<NoRotary>};

}  // namespace headformer::wav2vec2
