#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/json_activation.hpp"
#include "headformer/models/readers/sizes.hpp"
#include "headformer/models/vision/config.hpp"
#include "headformer/weights/name_table.hpp"

namespace headformer {

/// Names of the neck of DPT and of the families that have it from there.
inline constexpr NameRow neck_rows[] = {
    {"neck.levels.#.readout", ".neck.reassemble_stage.readout_projects.#.0", ""},
    {"neck.levels.#.projection", ".neck.reassemble_stage.layers.#.projection", "", Transform::flattened},
    {"neck.levels.#.resize", ".neck.reassemble_stage.layers.#.resize", "", Transform::windows},
    {"neck.convolutions.#", ".neck.convs.#", "", Transform::windows},
    {"neck.fusion.#.projection", ".neck.fusion_stage.layers.#.projection", "", Transform::flattened},
    {"neck.fusion.#.beside.first", ".neck.fusion_stage.layers.#.residual_layer1.convolution1", "", Transform::windows},
    {"neck.fusion.#.beside.second", ".neck.fusion_stage.layers.#.residual_layer1.convolution2", "", Transform::windows},
    {"neck.fusion.#.beside.first_norm", ".neck.fusion_stage.layers.#.residual_layer1.batch_norm1", ""},
    {"neck.fusion.#.beside.second_norm", ".neck.fusion_stage.layers.#.residual_layer1.batch_norm2", ""},
    {"neck.fusion.#.unit.first", ".neck.fusion_stage.layers.#.residual_layer2.convolution1", "", Transform::windows},
    {"neck.fusion.#.unit.second", ".neck.fusion_stage.layers.#.residual_layer2.convolution2", "", Transform::windows},
    {"neck.fusion.#.unit.first_norm", ".neck.fusion_stage.layers.#.residual_layer2.batch_norm1", ""},
    {"neck.fusion.#.unit.second_norm", ".neck.fusion_stage.layers.#.residual_layer2.batch_norm2", ""},
};

/// The keys of the neck, which looks at as many layers as `config.taps` has. Throws ConfigError.
HEADFORMER_COLD inline void read_neck(const JsonObject& json, std::vector<Index> widths, Index fused,
                                      DensePredictionConfig& config) {
  config.factors = {4, 2, 1, 0.5};
  if (json.has("reassemble_factors")) config.factors = json.numbers("reassemble_factors", 1.0 / 64, 64);
  for (const double factor : config.factors) {
    const double whole = factor < 1 ? 1 / factor : factor;
    if (whole != std::floor(whole)) json.fail("reassemble_factors", "whole numbers, or 1 over one");
  }
  config.widths = std::move(widths);
  if (json.has("neck_hidden_sizes")) config.widths = json.integers("neck_hidden_sizes", 1, detail::most_width);
  const std::string levels = "one for each of the " + std::to_string(config.taps.size()) + " layers looked at";
  if (config.widths.size() != config.taps.size()) json.fail("neck_hidden_sizes", levels);
  if (config.factors.size() < config.taps.size()) json.fail("reassemble_factors", levels);
  config.fused = json.integer_or("fusion_hidden_size", fused, 2, detail::most_width);
  const auto count = static_cast<Index>(config.taps.size());
  const Index index = json.integer_or("head_in_index", -1, -count, count - 1);
  config.looked_at = static_cast<std::size_t>(index < 0 ? index + count : index);
}

/// Which results are looked at, each once, in ascending order. Throws ConfigError.
HEADFORMER_COLD inline void set_taps(const JsonObject& json, const char* key, std::vector<Index> taps, Index layers,
                                     DensePredictionConfig& config) {
  std::sort(taps.begin(), taps.end());
  taps.erase(std::unique(taps.begin(), taps.end()), taps.end());
  if (taps.empty() || taps.front() < 0 || taps.back() > layers)
    json.fail(key, "layers among the " + std::to_string(layers) + " of the model");
  config.taps = std::move(taps);
}

}  // namespace headformer
