#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "headformer/models/causal_lm/causal_language_model.hpp"
#include "headformer/models/causal_lm/memory_estimate.hpp"
#include "headformer/weights/load_options.hpp"

namespace headformer {

class Checkpoint;

/// Opens a decoder language model of any family, its weights packed for the kernels.
/// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
std::unique_ptr<CausalLanguageModel> open_causal_lm(const Checkpoint& checkpoint, const LoadOptions& options = {});
/// The same for a Hugging Face folder or a GGUF file.
std::unique_ptr<CausalLanguageModel> open_causal_lm(const std::filesystem::path& path, const LoadOptions& options = {});

/// Whether the checkpoint names a decoder language model.
bool is_causal_lm(const Checkpoint& checkpoint);
/// The names of all of them, in folders or in GGUF files, for messages.
std::string causal_lm_architectures(bool gguf);

/// What opening and running this checkpoint will take, from its headers alone.
MemoryEstimate memory_estimate(const Checkpoint& checkpoint, const LoadOptions& options = {},
                               const MemoryUse& use = {});

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/auto_causal_lm-inl.hpp"
#endif
