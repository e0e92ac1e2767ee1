#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/yarn.hpp"
#include "headformer/nn/rotary.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

/// Rotary settings of a GGUF: `<architecture>.rope.*` and the tensors of factors.
HEADFORMER_COLD inline RotaryConfig read_rotary(const Checkpoint& checkpoint, const std::string& architecture,
                                                Index head_width) {
  const Gguf& gguf = checkpoint.gguf();
  const std::string prefix = architecture + ".rope.";
  RotaryConfig rotary;
  rotary.theta = gguf.positive_or(prefix + "freq_base", 10000.0);
  rotary.width = gguf.integer_or(prefix + "dimension_count", head_width, 2, head_width);
  if (rotary.width % 2 != 0)
    gguf.fail(prefix + "dimension_count", "an even rotated width of each head of " + std::to_string(head_width));
  const auto context = gguf.integer_or(architecture + ".context_length", 0);
  rotary.original_maximum_positions = gguf.integer_or(prefix + "scaling.original_context_length", context);

  const auto factors = [&](std::string_view name) {
    const TensorEntry* entry = checkpoint.find(name);
    std::vector<float> values;
    if (entry == nullptr) return values;
    if (entry->dtype != DType::f32 || !(entry->shape == Shape{rotary.width / 2})) {
      throw WeightError(checkpoint.name() + ": tensor " + std::string(name) + ": expected f32 [" +
                        std::to_string(rotary.width / 2) + "], found " + std::string(name_of(entry->dtype)) + " " +
                        to_string(entry->shape));
    }
    values.resize(static_cast<std::size_t>(rotary.width / 2));
    std::memcpy(values.data(), entry->bytes.data(), values.size() * sizeof(float));
    return values;
  };
  rotary.divisors = factors("rope_freqs.weight");

  // Files from before scaling.* had scale_linear; a factor without a type is linear, as llama.cpp reads it.
  rotary.factor = gguf.positive_or(prefix + "scaling.factor", gguf.positive_or(prefix + "scale_linear", 1.0));
  const std::string_view type = gguf.string_or(prefix + "scaling.type", rotary.factor == 1 ? "none" : "linear");
  const double attention_factor = gguf.positive_or(prefix + "scaling.attn_factor", 1.0);
  if (rotary.short_factors = factors("rope_factors_short.weight"); !rotary.short_factors.empty()) {
    rotary.scaling = RotaryScaling::longrope;
    rotary.long_factors = factors("rope_factors_long.weight");
    if (rotary.long_factors.empty())
      throw WeightError(checkpoint.name() +
                        ": tensor rope_factors_long.weight: expected beside rope_factors_short.weight, found none");
    rotary.attention_factor = attention_factor;
  } else if (type == "linear") {
    rotary.scaling = RotaryScaling::linear;
  } else if (type == "yarn") {
    rotary.scaling = RotaryScaling::yarn;
    rotary.attention_factor = attention_factor * detail::yarn_temperature(rotary.factor);
    rotary.beta_fast = gguf.positive_or(prefix + "scaling.yarn_beta_fast", 32.0);
    rotary.beta_slow = gguf.positive_or(prefix + "scaling.yarn_beta_slow", 1.0);
  } else if (type != "none" && type != "longrope") {
    throw ConfigError(checkpoint.name() + ": " + prefix +
                      "scaling.type: expected none, linear, yarn or longrope, found " + detail::quoted(type));
  }
  return rotary;
}

}  // namespace headformer
