#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "headformer/core/scratch.hpp"
#include "headformer/core/thread_pool.hpp"
#include "headformer/nn/batch.hpp"

namespace headformer {

/// The temporary memory of a pass.
struct PassMemory {
  Scratch scratch;  ///< of the modules
  Scratch tables;   ///< of the whole pass
  Batch batch;
};

/// Where a forward pass runs and its temporary memory. One pass at a time; models and sequences may share it.
struct Workspace : PassMemory {
  explicit Workspace(std::shared_ptr<Executor> e = std::make_shared<ThreadPool>(), Isa i = best_isa(),
                     Activations a = Activations::automatic)
      : executor(std::move(e)), isa(i), activations(a) {}

  Compute compute() const { return {*executor, isa, activations}; }

  std::shared_ptr<Executor> executor;
  Isa isa;
  Activations activations;                         ///< what weights meet
  std::vector<Index> logit_rows;                   ///< of the batch
  std::vector<std::unique_ptr<PassMemory>> lanes;  ///< a worker's each, where each runs a part of the items by itself
};

}  // namespace headformer
