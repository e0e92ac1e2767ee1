#pragma once

#include <memory>
#include <string>
#include <utility>

#include "headformer/auto_causal_lm.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/models/architecture_error.hpp"
#include "headformer/models/gemma.hpp"
#include "headformer/models/gemma2.hpp"
#include "headformer/models/gemma3.hpp"
#include "headformer/models/gpt2.hpp"
#include "headformer/models/llama.hpp"
#include "headformer/models/mistral.hpp"
#include "headformer/models/phi3.hpp"
#include "headformer/models/qwen2.hpp"
#include "headformer/models/qwen3.hpp"
#include "headformer/models/smollm3.hpp"
#include "headformer/weights/checkpoint.hpp"
#include "headformer/weights/load_workers.hpp"

namespace headformer {

/// Every decoder family that can be opened by name.
inline constexpr const CausalLmFamily* causal_lm_families[] = {
    &gpt2::family,  &llama::family,  &mistral::family, &qwen2::family, &qwen3::family,
    &gemma::family, &gemma2::family, &gemma3::family,  &phi3::family,  &smollm3::family,
};

namespace detail {

/// nullptr when the checkpoint names none of them.
HEADFORMER_COLD inline const CausalLmFamily* match_causal_lm(const Checkpoint& checkpoint) {
  for (const CausalLmFamily* family : causal_lm_families) {
    if (names_family(checkpoint, *family)) return family;
  }
  return nullptr;
}

/// Throws ConfigError for a decoder that looks to both sides: it can only encode.
HEADFORMER_COLD inline CausalLmConfig read_causal_config(const CausalLmFamily& family, const Checkpoint& checkpoint) {
  CausalLmConfig config = family.config(checkpoint);
  if (checkpoint.is_gguf()) return config;
  const JsonObject json = text_config(checkpoint.config());
  if (!config.looks_back) json.fail("use_bidirectional_attention", "false for a causal language model");
  if (!json.boolean_or("is_causal", true)) json.fail("is_causal", "true for a causal language model");
  return config;
}

}  // namespace detail

HEADFORMER_COLD HEADFORMER_INLINE bool is_causal_lm(const Checkpoint& checkpoint) {
  return detail::match_causal_lm(checkpoint) != nullptr;
}

HEADFORMER_COLD HEADFORMER_INLINE std::string causal_lm_architectures(bool gguf) {
  std::string names;
  for (const CausalLmFamily* family : causal_lm_families) {
    if (gguf) detail::add_name(names, family->gguf_architecture);
    for (const std::string_view name : family->architectures) detail::add_name(names, gguf ? "" : name);
  }
  return names;
}

/// The family a checkpoint names. Throws ConfigError for one that is not known.
HEADFORMER_COLD inline const CausalLmFamily& find_causal_lm_family(const Checkpoint& checkpoint) {
  const CausalLmFamily* const family = detail::match_causal_lm(checkpoint);
  if (family == nullptr) detail::fail_architecture(checkpoint, causal_lm_architectures(checkpoint.is_gguf()));
  return *family;
}

HEADFORMER_COLD HEADFORMER_INLINE std::unique_ptr<CausalLanguageModel> open_causal_lm(const Checkpoint& checkpoint,
                                                                                      const LoadOptions& options) {
  const CausalLmFamily& family = find_causal_lm_family(checkpoint);
  CausalLmConfig config = detail::read_causal_config(family, checkpoint);
  const NameTable names = family.names();
  const LoadWorkers workers(options);
  return family.make(std::move(config), Weights(checkpoint, names, options, workers.executor()));
}

HEADFORMER_COLD HEADFORMER_INLINE std::unique_ptr<CausalLanguageModel> open_causal_lm(const std::filesystem::path& path,
                                                                                      const LoadOptions& options) {
  return open_causal_lm(Checkpoint::open(path), options);
}

HEADFORMER_COLD HEADFORMER_INLINE MemoryEstimate memory_estimate(const Checkpoint& checkpoint,
                                                                 const LoadOptions& options, const MemoryUse& use) {
  const CausalLmFamily& family = find_causal_lm_family(checkpoint);
  const CausalLmConfig config = detail::read_causal_config(family, checkpoint);
  const NameTable names = family.names();
  SerialExecutor executor;
  const Weights weights = Weights::measure(checkpoint, names, options, executor);
  const auto model = family.make(config, weights);
  return estimate_memory(config, model->report(), use);
}

}  // namespace headformer
