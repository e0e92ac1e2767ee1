#pragma once

#include <memory>
#include <utility>

#include "headformer/auto.hpp"
#include "headformer/auto_causal_lm.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/models/causal_lm/causal_lm_model.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

HEADFORMER_INLINE std::unique_ptr<Model> open_model(const Checkpoint& checkpoint, ModelOptions options) {
  if (options.load.executor == nullptr) options.load.executor = options.workspace->executor.get();
  std::shared_ptr<const CausalLanguageModel> model = open_causal_lm(checkpoint, options.load);
  return std::make_unique<CausalLmModel>(std::move(model), options.workspace, options.cache);
}

HEADFORMER_INLINE std::unique_ptr<Model> open_model(const std::filesystem::path& path, ModelOptions options) {
  return open_model(Checkpoint::open(path), std::move(options));
}

}  // namespace headformer
