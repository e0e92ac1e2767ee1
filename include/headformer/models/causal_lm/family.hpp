#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/models/causal_lm/causal_language_model.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

/// How `auto` finds a family and opens it: by the class name in config.json or GGUF's architecture.
struct CausalLmFamily {
  std::string_view name;
  std::span<const std::string_view> architectures;
  std::string_view gguf_architecture;  ///< empty: none of its own
  CausalLmConfig (*config)(const Checkpoint&);
  NameTable (*names)();
  std::unique_ptr<CausalLanguageModel> (*make)(CausalLmConfig, const Weights&);
};

/// Whether a checkpoint names this family.
HEADFORMER_COLD inline bool names_family(const Checkpoint& checkpoint, const CausalLmFamily& family) {
  const std::string architecture = checkpoint.architecture();
  // An empty name stands for no GGUF of its own, so it must not match an empty key of the file.
  if (checkpoint.is_gguf()) return !architecture.empty() && family.gguf_architecture == architecture;
  const auto& names = family.architectures;
  return std::find(names.begin(), names.end(), architecture) != names.end();
}

template <class Model>
HEADFORMER_COLD std::unique_ptr<CausalLanguageModel> make_causal_lm(CausalLmConfig config, const Weights& weights) {
  return std::make_unique<Model>(std::move(config), weights);
}

}  // namespace headformer
