#pragma once

#include <cstdint>
#include <string_view>

#include "headformer/core/error.hpp"

namespace headformer {

/// What the inputs of a Linear are rounded to before they meet its weights. Sums are f32 always.
enum class Activations : std::uint8_t {
  f32,
  bf16,
  int8,       ///< quantised weights meet int8 with a scale for each 32 inputs; weights of other types meet f32
  automatic,  ///< the fastest that quantised weights leave accurate: int8 for them, f32 for others
};

/// "f32", "bf16" or "int8". Throws ArgumentError for another name.
inline Activations activations_from_name(std::string_view name) {
  if (name == "f32") return Activations::f32;
  if (name == "bf16") return Activations::bf16;
  if (name == "int8") return Activations::int8;
  throw ArgumentError("activations: expected f32, bf16 or int8, found " + detail::quoted(name));
}

}  // namespace headformer
