#pragma once

#include <memory>

#include "headformer/core/cold.hpp"
#include "headformer/core/thread_pool.hpp"
#include "headformer/weights/load_options.hpp"

namespace headformer {

/// Where loading computes: the caller's executor, or for as long as this lives a pool of all processors.
class LoadWorkers {
 public:
  HEADFORMER_COLD explicit LoadWorkers(const LoadOptions& options)
      : own_(options.executor == nullptr ? std::make_unique<ThreadPool>() : nullptr),
        executor_(own_ ? *own_ : *options.executor) {}

  Executor& executor() const { return executor_; }

 private:
  std::unique_ptr<ThreadPool> own_;
  Executor& executor_;
};

}  // namespace headformer
