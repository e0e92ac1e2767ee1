#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/formats/json.hpp"

namespace headformer::detail {

/// Bounds that no real model comes near, so that a lying config cannot ask for gigabytes before a tensor is looked at.
inline constexpr Index most_layers = 4096;
inline constexpr Index most_width = Index{1} << 24;

/// A size that must be there unless the class has a default.
HEADFORMER_COLD inline Index read_size(const JsonObject& config, const char* key, Index fallback, Index most) {
  return fallback > 0 ? config.integer_or(key, fallback, 1, most) : config.integer(key, 1, most);
}

}  // namespace headformer::detail
