#pragma once

#include "headformer/auto_audio_encoder.hpp"
#include "headformer/auto_causal_lm.hpp"
#include "headformer/auto_encoder.hpp"
#include "headformer/auto_image_encoder.hpp"
#include "headformer/auto_seq2seq.hpp"
#include "headformer/auto_speech_to_text.hpp"

/// Reads the config of whatever family a checkpoint names. Throws errors of the library's.
inline void read_config(const headformer::Checkpoint& checkpoint) {
  if (headformer::is_encoder(checkpoint)) {
    static_cast<void>(headformer::detail::match_encoder(checkpoint).family->config(checkpoint));
  } else if (headformer::is_seq2seq(checkpoint)) {
    static_cast<void>(headformer::detail::match_seq2seq(checkpoint).family->config(checkpoint));
  } else if (headformer::is_image_encoder(checkpoint)) {
    const headformer::detail::ImageMatch match = headformer::detail::match_image_encoder(checkpoint);
    static_cast<void>(match.family->config(checkpoint, match.task));
  } else if (headformer::is_audio_encoder(checkpoint)) {
    const headformer::detail::AudioMatch match = headformer::detail::match_audio_encoder(checkpoint);
    static_cast<void>(match.family->config(checkpoint, match.task));
  } else if (headformer::is_spectrogram_encoder(checkpoint)) {
    static_cast<void>(headformer::audio_spectrogram_transformer::config(
        checkpoint, *headformer::detail::match_spectrogram_encoder(checkpoint)));
  } else if (headformer::is_speech_to_text(checkpoint)) {
    static_cast<void>(headformer::detail::match_speech_to_text(checkpoint).family->config(checkpoint));
  } else {
    static_cast<void>(headformer::find_causal_lm_family(checkpoint).config(checkpoint));
  }
}
