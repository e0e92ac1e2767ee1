#pragma once

#include <string>

#include "headformer/core/cold.hpp"
#include "headformer/models/architecture_error.hpp"
#include "headformer/pipelines/class_labels.hpp"
#include "headformer/pipelines/encoder_pipeline.hpp"

namespace headformer::detail {

/// Throws ConfigError when the checkpoint's class has not this task.
HEADFORMER_COLD inline void expect_task(const EncoderPipeline& pipeline, EncoderTask task,
                                        const std::string& expected) {
  if (pipeline.task() != task) fail_class(pipeline.checkpoint(), expected);
}

/// Throws ConfigError when it is no class for sequence classification with one label.
HEADFORMER_COLD inline void expect_one_label(const EncoderPipeline& pipeline) {
  expect_task(pipeline, EncoderTask::sequence_classification, "sequence classification");
  if (const Index labels = pipeline.heads().front()->output().width; labels != 1)
    throw ConfigError(pipeline.name() + ": expected a class with one label, found " + std::to_string(labels));
}

}  // namespace headformer::detail
