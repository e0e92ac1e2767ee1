#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "headformer/models/dual/dual_encoder.hpp"
#include "headformer/weights/load_options.hpp"

namespace headformer {

class Checkpoint;

/// Opens two towers of any family, their weights packed for the kernels.
/// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
std::unique_ptr<DualEncoder> open_dual_encoder(const Checkpoint& checkpoint, const LoadOptions& options = {});
/// The same for a Hugging Face folder.
std::unique_ptr<DualEncoder> open_dual_encoder(const std::filesystem::path& path, const LoadOptions& options = {});

/// Whether the checkpoint names a model of two towers.
bool is_dual_encoder(const Checkpoint& checkpoint);
/// The names of all of them, for messages.
std::string dual_encoder_architectures();

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/auto_dual_encoder-inl.hpp"
#endif
