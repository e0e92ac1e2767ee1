#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "headformer/models/vision/image_encoder.hpp"
#include "headformer/weights/load_options.hpp"

namespace headformer {

class Checkpoint;

/// Opens an encoder of pictures of any family with the heads of its class, its weights packed for the kernels.
/// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
std::unique_ptr<ImageEncoder> open_image_encoder(const Checkpoint& checkpoint, const LoadOptions& options = {});
/// The same for a Hugging Face folder.
std::unique_ptr<ImageEncoder> open_image_encoder(const std::filesystem::path& path, const LoadOptions& options = {});

/// Whether the checkpoint names an encoder of pictures.
bool is_image_encoder(const Checkpoint& checkpoint);
/// The names of all of them, for messages.
std::string image_encoder_architectures();

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/auto_image_encoder-inl.hpp"
#endif
