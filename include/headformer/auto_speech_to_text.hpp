#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "headformer/models/speech/speech_to_text.hpp"
#include "headformer/weights/load_options.hpp"

namespace headformer {

class Checkpoint;

/// Opens a speech-to-text model of any family, its weights packed for the kernels.
/// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
std::unique_ptr<SpeechToText> open_speech_to_text(const Checkpoint& checkpoint, const LoadOptions& options = {});
/// The same for a Hugging Face folder.
std::unique_ptr<SpeechToText> open_speech_to_text(const std::filesystem::path& path, const LoadOptions& options = {});

/// Whether the checkpoint names a speech-to-text model.
bool is_speech_to_text(const Checkpoint& checkpoint);
/// The names of all of them, for messages.
std::string speech_to_text_architectures();

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/auto_speech_to_text-inl.hpp"
#endif
