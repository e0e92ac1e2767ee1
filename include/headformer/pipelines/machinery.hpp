#pragma once

#include <memory>

#include "headformer/core/cold.hpp"
#include "headformer/models/workspace.hpp"
#include "headformer/pipelines/options.hpp"
#include "headformer/preprocess/tokenizer.hpp"
#include "headformer/weights/checkpoint.hpp"

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

/// The tokenizer beside or inside a checkpoint. Throws FormatError where there is none.
HEADFORMER_COLD inline Tokenizer pipeline_tokenizer(const Checkpoint& checkpoint) {
  return checkpoint.is_gguf() ? Tokenizer::from_gguf(checkpoint.gguf()) : Tokenizer::from_files(checkpoint.files());
}

}  // namespace headformer::detail
