#pragma once

#include <memory>
#include <string>

#include "headformer/auto_dual_encoder.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/models/architecture_error.hpp"
#include "headformer/models/clip.hpp"
#include "headformer/models/siglip.hpp"
#include "headformer/weights/checkpoint.hpp"
#include "headformer/weights/load_workers.hpp"

namespace headformer {

/// Every family of two towers that can be opened by name.
inline constexpr const DualFamily* dual_families[] = {&clip::family, &siglip::family};

namespace detail {

/// nullptr where the checkpoint names none of them.
HEADFORMER_COLD inline const DualFamily* match_dual_encoder(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) return nullptr;
  const std::string architecture = checkpoint.architecture();
  for (const DualFamily* family : dual_families) {
    if (family->architecture == architecture) return family;
  }
  return nullptr;
}

}  // namespace detail

HEADFORMER_COLD HEADFORMER_INLINE bool is_dual_encoder(const Checkpoint& checkpoint) {
  return detail::match_dual_encoder(checkpoint) != nullptr;
}

HEADFORMER_COLD HEADFORMER_INLINE std::string dual_encoder_architectures() {
  std::string names;
  for (const DualFamily* family : dual_families) detail::add_name(names, family->architecture);
  return names;
}

HEADFORMER_COLD HEADFORMER_INLINE std::unique_ptr<DualEncoder> open_dual_encoder(const Checkpoint& checkpoint,
                                                                                 const LoadOptions& options) {
  const DualFamily* const family = detail::match_dual_encoder(checkpoint);
  if (family == nullptr) detail::fail_architecture(checkpoint, dual_encoder_architectures());
  const NameTable names = family->names();
  const LoadWorkers workers(options);
  return family->make(checkpoint, Weights(checkpoint, names, options, workers.executor()));
}

HEADFORMER_COLD HEADFORMER_INLINE std::unique_ptr<DualEncoder> open_dual_encoder(const std::filesystem::path& path,
                                                                                 const LoadOptions& options) {
  return open_dual_encoder(Checkpoint::open(path), options);
}

}  // namespace headformer
