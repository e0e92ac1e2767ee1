#pragma once

#include "headformer/auto_causal_lm.hpp"
#include "headformer/models/causal_lm_model.hpp"

namespace headformer {

/// How a model is opened and run.
struct ModelOptions {
  LoadOptions load;
  DType cache = DType::f32;
  std::shared_ptr<Workspace> workspace = std::make_shared<Workspace>();
};

/// Opens any supported checkpoint as a Model: named tensors in, named tensors out.
/// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
inline std::unique_ptr<Model> open_model(const Checkpoint& checkpoint, ModelOptions options = {}) {
  if (options.load.executor == nullptr) options.load.executor = options.workspace->executor.get();
  std::shared_ptr<const CausalLanguageModel> model = open_causal_lm(checkpoint, options.load);
  return std::make_unique<CausalLmModel>(std::move(model), options.workspace, options.cache);
}

inline std::unique_ptr<Model> open_model(const std::filesystem::path& path, ModelOptions options = {}) {
  return open_model(Checkpoint::open(path), std::move(options));
}

}  // namespace headformer
