#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>

#include "headformer/core/error.hpp"

namespace headformer {

enum class LogLevel { debug, info, warning };

/// Receives the library's messages; an empty one (the default) is silence. May be called from the thread that loads or
/// generates; must not throw.
using Log = std::function<void(LogLevel, std::string_view message)>;

/// What a long operation is doing. `done` of `total` in bytes while loading, in tokens while prefilling, in items while
/// running through a batch.
struct Progress {
  enum class Stage { loading, prefilling, running };
  Stage stage = Stage::loading;
  double done = 0;
  double total = 0;
};

/// Called now and then on the calling thread; an empty one is never called.
using ProgressCallback = std::function<void(const Progress&)>;

/// A switch shared between the thread that works and one that may stop it. Copies share the switch.
class Cancellation {
 public:
  /// From any thread, at any time; the operation ends with CancelledError (a stream simply ends) at its next step.
  void cancel() { flag_->store(true, std::memory_order_relaxed); }
  void reset() { flag_->store(false, std::memory_order_relaxed); }
  bool cancelled() const { return flag_->load(std::memory_order_relaxed); }
  void throw_if_cancelled() const {
    if (cancelled()) throw CancelledError("cancelled by the caller");
  }

 private:
  std::shared_ptr<std::atomic<bool>> flag_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace headformer
