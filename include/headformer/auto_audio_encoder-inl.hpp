#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "headformer/auto_audio_encoder.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/models/architecture_error.hpp"
#include "headformer/models/audio_spectrogram_transformer.hpp"
#include "headformer/models/hubert.hpp"
#include "headformer/models/wav2vec2.hpp"
#include "headformer/models/wavlm.hpp"
#include "headformer/models/whisper.hpp"
#include "headformer/weights/checkpoint.hpp"
#include "headformer/weights/load_workers.hpp"

namespace headformer {

/// Every family of encoders of sound that can be opened by name.
inline constexpr const AudioFamily* audio_families[] = {&wav2vec2::family, &hubert::family, &wavlm::family,
                                                        &whisper::encoder_family};

namespace detail {

/// A family and what one of its classes puts on top of it.
struct AudioMatch {
  const AudioFamily* family = nullptr;
  AudioTask task = AudioTask::base;
};

/// No family where the checkpoint names none of them.
HEADFORMER_COLD inline AudioMatch match_audio_encoder(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) return {};
  const std::string architecture = checkpoint.architecture();
  for (const AudioFamily* family : audio_families) {
    for (const AudioClass& known : family->classes) {
      if (known.architecture == architecture) return {family, known.task};
    }
  }
  return {};
}

}  // namespace detail

HEADFORMER_COLD HEADFORMER_INLINE bool is_audio_encoder(const Checkpoint& checkpoint) {
  return detail::match_audio_encoder(checkpoint).family != nullptr;
}

HEADFORMER_COLD HEADFORMER_INLINE std::string audio_encoder_architectures() {
  std::string names;
  for (const AudioFamily* family : audio_families) {
    for (const AudioClass& known : family->classes) detail::add_name(names, known.architecture);
  }
  return names;
}

HEADFORMER_COLD HEADFORMER_INLINE std::unique_ptr<AudioEncoder> open_audio_encoder(const Checkpoint& checkpoint,
                                                                                   const LoadOptions& options) {
  const detail::AudioMatch match = detail::match_audio_encoder(checkpoint);
  if (match.family == nullptr) detail::fail_architecture(checkpoint, audio_encoder_architectures());
  const NameTable names = match.family->names();
  const LoadWorkers workers(options);
  return match.family->make(match.family->config(checkpoint, match.task),
                            Weights(checkpoint, names, options, workers.executor()));
}

HEADFORMER_COLD HEADFORMER_INLINE std::unique_ptr<AudioEncoder> open_audio_encoder(const std::filesystem::path& path,
                                                                                   const LoadOptions& options) {
  return open_audio_encoder(Checkpoint::open(path), options);
}

namespace detail {

/// What one of its classes puts on top of it; nothing where the checkpoint names none.
HEADFORMER_COLD inline std::optional<ImageTask> match_spectrogram_encoder(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) return std::nullopt;
  const std::string architecture = checkpoint.architecture();
  for (const ImageClass& known : audio_spectrogram_transformer::family.classes)
    if (known.architecture == architecture) return known.task;
  return std::nullopt;
}

}  // namespace detail

HEADFORMER_COLD HEADFORMER_INLINE bool is_spectrogram_encoder(const Checkpoint& checkpoint) {
  return detail::match_spectrogram_encoder(checkpoint).has_value();
}

HEADFORMER_COLD HEADFORMER_INLINE std::string spectrogram_encoder_architectures() {
  std::string names;
  for (const ImageClass& known : audio_spectrogram_transformer::family.classes)
    detail::add_name(names, known.architecture);
  return names;
}

HEADFORMER_COLD HEADFORMER_INLINE std::unique_ptr<ImageEncoder> open_spectrogram_encoder(const Checkpoint& checkpoint,
                                                                                         const LoadOptions& options) {
  const std::optional<ImageTask> task = detail::match_spectrogram_encoder(checkpoint);
  if (!task) detail::fail_architecture(checkpoint, spectrogram_encoder_architectures());
  const ImageFamily& family = audio_spectrogram_transformer::family;
  const NameTable names = family.names();
  const LoadWorkers workers(options);
  return family.make(family.config(checkpoint, *task), Weights(checkpoint, names, options, workers.executor()));
}

HEADFORMER_COLD HEADFORMER_INLINE std::unique_ptr<ImageEncoder> open_spectrogram_encoder(
    const std::filesystem::path& path, const LoadOptions& options) {
  return open_spectrogram_encoder(Checkpoint::open(path), options);
}

}  // namespace headformer
