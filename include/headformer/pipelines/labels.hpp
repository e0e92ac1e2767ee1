#pragma once

#include <string>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/pipelines/encoder_pipeline.hpp"

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

/// Throws ConfigError when the checkpoint's class has not this task.
HEADFORMER_COLD inline void expect_task(const EncoderPipeline& pipeline, EncoderTask task,
                                        const std::string& expected) {
  if (pipeline.encoder().config().task != task)
    throw ConfigError(pipeline.name() + ": architectures: expected a class for " + expected + ", found " +
                      detail::quoted(pipeline.checkpoint().architecture()));
}

}  // namespace headformer::detail
