#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "headformer/models/audio/audio_encoder.hpp"
#include "headformer/models/vision/image_encoder.hpp"
#include "headformer/weights/load_options.hpp"

namespace headformer {

class Checkpoint;

/// Opens an encoder of sound of any family with the heads of its class, its weights packed for the kernels.
/// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
std::unique_ptr<AudioEncoder> open_audio_encoder(const Checkpoint& checkpoint, const LoadOptions& options = {});
/// The same for a Hugging Face folder.
std::unique_ptr<AudioEncoder> open_audio_encoder(const std::filesystem::path& path, const LoadOptions& options = {});

/// Whether the checkpoint names an encoder of sound.
bool is_audio_encoder(const Checkpoint& checkpoint);
/// The names of all of them, for messages.
std::string audio_encoder_architectures();

/// Opens an encoder of spectrograms, which it takes as pictures [1, mel bins, frames] of one size.
/// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
std::unique_ptr<ImageEncoder> open_spectrogram_encoder(const Checkpoint& checkpoint, const LoadOptions& options = {});
/// The same for a Hugging Face folder.
std::unique_ptr<ImageEncoder> open_spectrogram_encoder(const std::filesystem::path& path,
                                                       const LoadOptions& options = {});
/// Whether the checkpoint names one.
bool is_spectrogram_encoder(const Checkpoint& checkpoint);
std::string spectrogram_encoder_architectures();

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/auto_audio_encoder-inl.hpp"
#endif
