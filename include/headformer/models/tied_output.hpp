#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

/// Whether a head over the vocabulary is the embedding, as the reference settles it: a checkpoint whose config ties
/// them may still hold both tables, and they are tied only when they are equal.
HEADFORMER_COLD inline bool settle_tying(bool tied, const Weights& weights) {
  if (!tied || !weights.has("embedding.weight") || !weights.has("output.weight")) return tied;
  return weights.same("embedding.weight", "output.weight");
}

/// Where the embedding's table is: of two tied ones a checkpoint may hold the head's only.
HEADFORMER_COLD inline const char* table_of_embedding(bool tied, const Weights& weights) {
  return tied && !weights.has("embedding.weight") && weights.has("output.weight") ? "output" : "embedding";
}

}  // namespace headformer
