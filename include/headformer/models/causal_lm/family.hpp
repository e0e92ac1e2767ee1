#pragma once

#include <memory>
#include <span>
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

template <class Model>
HEADFORMER_COLD std::unique_ptr<CausalLanguageModel> make_causal_lm(CausalLmConfig config, const Weights& weights) {
  return std::make_unique<Model>(std::move(config), weights);
}

}  // namespace headformer
