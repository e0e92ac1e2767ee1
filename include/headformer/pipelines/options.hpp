#pragma once

#include <memory>

#include "headformer/core/activations.hpp"
#include "headformer/core/cpu_features.hpp"
#include "headformer/core/executor.hpp"
#include "headformer/core/log.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/weights/load_options.hpp"

namespace headformer {

/// How a pipeline loads and runs. The defaults suit a program that has the machine to itself.
struct PipelineOptions {
  LoadOptions load;
  int threads = 0;                     ///< 0: one for each processor
  std::shared_ptr<Executor> executor;  ///< the caller's own, in place of a pool of `threads`
  Isa isa = best_isa();
  Activations activations = Activations::automatic;  ///< what weights meet
  Index max_length = 0;                              ///< tokens kept of a text; 0: as many as the checkpoint allows
  Cancellation cancellation;                         ///< ends loading and running with CancelledError
  ProgressCallback progress;                         ///< of loading, and of a batch's items
};

}  // namespace headformer
