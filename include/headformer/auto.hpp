#pragma once

#include <filesystem>
#include <memory>

#include "headformer/core/dtype.hpp"
#include "headformer/models/causal_lm/causal_language_model.hpp"
#include "headformer/models/model.hpp"
#include "headformer/weights/load_options.hpp"

namespace headformer {

class Checkpoint;

/// How a model is opened and run.
struct ModelOptions {
  LoadOptions load;
  DType cache = DType::f32;
  std::shared_ptr<Workspace> workspace = std::make_shared<Workspace>();
};

/// Opens any supported checkpoint as a Model: named tensors in, named tensors out.
/// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
std::unique_ptr<Model> open_model(const Checkpoint& checkpoint, ModelOptions options = {});
/// The same for a Hugging Face folder or a GGUF file.
std::unique_ptr<Model> open_model(const std::filesystem::path& path, ModelOptions options = {});

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/auto-inl.hpp"
#endif
