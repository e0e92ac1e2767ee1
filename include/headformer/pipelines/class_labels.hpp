#pragma once

#include <string>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/pipelines/scores.hpp"

namespace headformer::detail {

/// The names of a class's outputs: config.json's id2label, "LABEL_0" and so on where it has none.
HEADFORMER_COLD inline std::vector<std::string> read_labels(const JsonObject& config, Index count) {
  std::vector<std::string> labels;
  for (Index i = 0; i < count; ++i) {
    const std::string key = std::to_string(i);
    labels.push_back(config.has("id2label") ? config.object("id2label").string_or(key, "LABEL_" + key)
                                            : "LABEL_" + key);
  }
  return labels;
}

/// As the reference's pipelines for classification decide.
HEADFORMER_COLD inline ScoreFunction read_score_function(const JsonObject& config, Index labels) {
  const std::string problem = config.string_or("problem_type", "");
  if (problem == "regression") return ScoreFunction::none;
  if (problem == "multi_label_classification" || labels == 1) return ScoreFunction::sigmoid;
  return ScoreFunction::softmax;
}

}  // namespace headformer::detail
