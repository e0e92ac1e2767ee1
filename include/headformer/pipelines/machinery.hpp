#pragma once

#include <memory>

#include "headformer/core/cold.hpp"
#include "headformer/models/workspace.hpp"
#include "headformer/pipelines/options.hpp"

namespace headformer::detail {

/// Where a pipeline with these options runs.
HEADFORMER_COLD inline std::shared_ptr<Workspace> pipeline_workspace(const PipelineOptions& options) {
  return std::make_shared<Workspace>(
      options.executor ? options.executor : std::make_shared<ThreadPool>(options.threads), options.isa,
      options.activations);
}

/// How it loads, on the same workers.
HEADFORMER_COLD inline LoadOptions pipeline_loading(const PipelineOptions& options, Executor& executor) {
  LoadOptions load = options.load;
  if (load.executor == nullptr) load.executor = &executor;
  load.cancellation = options.cancellation;
  load.progress = options.progress;
  return load;
}

}  // namespace headformer::detail
