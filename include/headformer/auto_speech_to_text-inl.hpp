#pragma once

#include <memory>
#include <string>
#include <utility>

#include "headformer/auto_speech_to_text.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/models/architecture_error.hpp"
#include "headformer/models/moonshine.hpp"
#include "headformer/models/whisper.hpp"
#include "headformer/weights/checkpoint.hpp"
#include "headformer/weights/load_workers.hpp"

namespace headformer {

/// Every family of speech-to-text models that can be opened by name.
inline constexpr const SpeechFamily* speech_families[] = {&whisper::family, &moonshine::family};

namespace detail {

/// A family and its class that a checkpoint names.
struct SpeechMatch {
  const SpeechFamily* family = nullptr;
  bool generates = true;
};

/// No family where the checkpoint names none of them.
HEADFORMER_COLD inline SpeechMatch match_speech_to_text(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) return {};
  const std::string architecture = checkpoint.architecture();
  for (const SpeechFamily* family : speech_families) {
    for (const SpeechClass& known : family->classes) {
      if (known.architecture == architecture) return {family, known.generates};
    }
  }
  return {};
}

}  // namespace detail

HEADFORMER_COLD HEADFORMER_INLINE bool is_speech_to_text(const Checkpoint& checkpoint) {
  return detail::match_speech_to_text(checkpoint).family != nullptr;
}

HEADFORMER_COLD HEADFORMER_INLINE std::string speech_to_text_architectures() {
  std::string names;
  for (const SpeechFamily* family : speech_families) {
    for (const SpeechClass& known : family->classes) detail::add_name(names, known.architecture);
  }
  return names;
}

HEADFORMER_COLD HEADFORMER_INLINE std::unique_ptr<SpeechToText> open_speech_to_text(const Checkpoint& checkpoint,
                                                                                    const LoadOptions& options) {
  const detail::SpeechMatch match = detail::match_speech_to_text(checkpoint);
  if (match.family == nullptr) detail::fail_architecture(checkpoint, speech_to_text_architectures());
  SpeechToTextConfig config = match.family->config(checkpoint);
  config.generates = match.generates;
  const NameTable names = match.family->names();
  const LoadWorkers workers(options);
  return match.family->make(std::move(config), Weights(checkpoint, names, options, workers.executor()));
}

HEADFORMER_COLD HEADFORMER_INLINE std::unique_ptr<SpeechToText> open_speech_to_text(const std::filesystem::path& path,
                                                                                    const LoadOptions& options) {
  return open_speech_to_text(Checkpoint::open(path), options);
}

}  // namespace headformer
