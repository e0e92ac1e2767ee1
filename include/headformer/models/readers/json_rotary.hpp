#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/models/readers/yarn.hpp"
#include "headformer/nn/rotary.hpp"

namespace headformer {

namespace detail {

HEADFORMER_COLD inline std::vector<float> rotary_factors(const JsonObject& parameters, std::string_view key,
                                                         Index width) {
  const std::vector<double> numbers = parameters.numbers(key, 0.0, 1e9);
  if (static_cast<Index>(numbers.size()) != width / 2) {
    parameters.fail(key, std::to_string(width / 2) + " numbers (half the rotated width)");
  }
  return {numbers.begin(), numbers.end()};
}

}  // namespace detail

/// What a class takes where its config says nothing.
struct RotaryDefaults {
  double theta = 10000;
  Index maximum_positions = 2048;
  Index original_positions = 0;  ///< Phi-3's, which also goes before the one in `rope_parameters`; 0: none
  double rotated_part = 1;       ///< of each head
};

/// Rotary settings of a Hugging Face config in either manner: `rope_theta` and `rope_scaling` beside each other
/// (transformers 4), or both in `rope_parameters` (transformers 5), there also one for each `layer_type`. Where both
/// are given `rope_scaling` goes first, as in the reference.
HEADFORMER_COLD inline RotaryConfig read_rotary(const JsonObject& config, Index head_width,
                                                const RotaryDefaults& defaults, const std::string& layer_type = "") {
  JsonObject parameters = JsonObject::none(config.file(), "rope_parameters");
  const bool scaling_first =
      layer_type.empty() && config.has("rope_scaling") && !config.object("rope_scaling").keys().empty();
  if (config.has("rope_parameters") && !scaling_first) {
    parameters = config.object("rope_parameters");
    if (!layer_type.empty() && (parameters.has(layer_type) || parameters.has("full_attention"))) {
      parameters = parameters.has(layer_type) ? parameters.object(layer_type)
                                              : JsonObject::none(config.file(), "rope_parameters");
    }
  } else if (config.has("rope_scaling")) {
    parameters = config.object("rope_scaling");
  }

  RotaryConfig rotary;
  rotary.theta = parameters.has("rope_theta") ? parameters.positive("rope_theta")
                                              : config.positive_or("rope_theta", defaults.theta);
  const double partial = parameters.has("partial_rotary_factor")
                             ? parameters.number("partial_rotary_factor", 0, 1)
                             : config.number_or("partial_rotary_factor", defaults.rotated_part, 0, 1);
  rotary.width = static_cast<Index>(static_cast<double>(head_width) * partial);
  if (rotary.width % 2 != 0)
    parameters.fail("partial_rotary_factor", "an even rotated width of each head of " + std::to_string(head_width));

  const std::string type =
      parameters.has("rope_type") ? parameters.string("rope_type") : parameters.string_or("type", "default");
  if (type == "default") return rotary;

  const Index maximum = config.integer_or("max_position_embeddings", defaults.maximum_positions, 1);
  rotary.maximum_positions = maximum;
  const bool own_original = defaults.original_positions > 0 || config.has("original_max_position_embeddings");
  rotary.original_maximum_positions =
      own_original ? config.integer_or("original_max_position_embeddings", defaults.original_positions, 1)
                   : parameters.integer_or("original_max_position_embeddings", maximum, 1);
  const double stretch = static_cast<double>(maximum) / static_cast<double>(rotary.original_maximum_positions);
  if (type == "linear" || type == "dynamic") {
    rotary.scaling = type == "linear" ? RotaryScaling::linear : RotaryScaling::dynamic;
    rotary.factor = parameters.positive("factor");
    if (rotary.scaling == RotaryScaling::dynamic && rotary.width <= 2)
      parameters.fail("rope_type", "a rotated width above 2 for dynamic scaling");
  } else if (type == "yarn" && !parameters.has("short_factor")) {
    rotary.scaling = RotaryScaling::yarn;
    rotary.factor = parameters.positive_or("factor", stretch);
    const double mscale = parameters.number_or("mscale", 0);
    const double mscale_all = parameters.number_or("mscale_all_dim", 0);
    const double temperature = mscale != 0 && mscale_all != 0 ? detail::yarn_temperature(rotary.factor, mscale) /
                                                                    detail::yarn_temperature(rotary.factor, mscale_all)
                                                              : detail::yarn_temperature(rotary.factor);
    rotary.attention_factor = parameters.number_or("attention_factor", temperature);
    if (parameters.number_or("beta_fast", 0) != 0) rotary.beta_fast = parameters.positive("beta_fast");
    if (parameters.number_or("beta_slow", 0) != 0) rotary.beta_slow = parameters.positive("beta_slow");
    // The reference looks for it beside the layer types, where no config has it.
    rotary.truncate = !layer_type.empty() || parameters.boolean_or("truncate", true);
  } else if (type == "longrope" || type == "su" || type == "yarn") {  // "su" and "yarn": Phi-3's first spellings
    rotary.scaling = RotaryScaling::longrope;
    rotary.short_factors = detail::rotary_factors(parameters, "short_factor", rotary.width);
    rotary.long_factors = detail::rotary_factors(parameters, "long_factor", rotary.width);
    rotary.factor = parameters.positive_or("factor", stretch);
    const double computed =
        rotary.factor <= 1
            ? 1.0
            : std::sqrt(1 + std::log(rotary.factor) / std::log(static_cast<double>(rotary.original_maximum_positions)));
    rotary.attention_factor = parameters.number_or("attention_factor", computed);
  } else if (type == "llama3") {
    rotary.scaling = RotaryScaling::llama3;
    rotary.factor = parameters.positive("factor");
    rotary.low_frequency_factor = parameters.positive("low_freq_factor");
    rotary.high_frequency_factor = parameters.positive("high_freq_factor");
  } else {
    parameters.fail("rope_type", "default, linear, dynamic, yarn, longrope or llama3");
  }
  return rotary;
}

}  // namespace headformer
