#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "headformer/core/activations.hpp"
#include "headformer/core/cpu_features.hpp"
#include "headformer/core/function_ref.hpp"
#include "headformer/core/tensor.hpp"

namespace headformer {

/// Where parallel work runs. A caller may hand in its own (a game's job system, a server's pool); headformer's is
/// ThreadPool. One run() at a time an executor: a model and its sessions may share one if they do not run at once.
/// After fork() a child's models and sessions work as far as their executor does: ThreadPool starts new threads there.
class Executor {
 public:
  virtual ~Executor() = default;

  /// How many workers take part, the caller included; at least 1, constant for the executor's life.
  virtual int size() const = 0;

  /// Calls task(0) ... task(size() - 1), each once, possibly at the same time, and returns when all have. The first
  /// exception of a task is thrown again here. Not to be called from inside a task.
  virtual void run(FunctionRef<void(int worker)> task) = 0;
};

/// Everything on the calling thread.
class SerialExecutor final : public Executor {
 public:
  int size() const override { return 1; }
  void run(FunctionRef<void(int)> task) override { task(0); }
};

/// What every kernel is told: where it may run, for which instruction set, and what weights meet.
struct Compute {
  Executor& executor;
  Isa isa = best_isa();
  Activations activations = Activations::f32;
};

/// A range of work items; empty when begin == end.
struct WorkRange {
  Index begin = 0;
  Index end = 0;
};

/// The static partition: the part of [0, count) that belongs to `worker`, in multiples of `grain` items. It depends on
/// nothing else, so the same work goes to the same worker every time.
inline WorkRange partition(Index count, Index grain, int worker, int workers) {
  const Index grains = (count + grain - 1) / grain;
  const Index begin = grains * worker / workers * grain;
  const Index end = grains * (worker + 1) / workers * grain;
  return {std::min(begin, count), std::min(end, count)};
}

/// Splits [0, count) into one contiguous range a worker and calls body(begin, end) for each that is not empty.
/// Work of a single grain stays on the calling thread.
template <class Body>
void parallel_for(Executor& executor, Index count, Index grain, Body&& body) {
  const int workers = executor.size();
  if (count <= 0) return;
  if (workers == 1 || count <= grain) {
    body(Index{0}, count);
    return;
  }
  executor.run([&](int worker) {
    const WorkRange range = partition(count, grain, worker, workers);
    if (range.begin < range.end) body(range.begin, range.end);
  });
}

/// Calls body(i) for each i in [0, count), in no order that matters: the workers take some at a time as they get free,
/// which suits work of very different sizes (texts). Which worker does what is another each time.
template <class Body>
void share_out(Executor& executor, std::size_t count, const Body& body) {
  constexpr std::size_t most = 16;
  const auto workers = static_cast<std::size_t>(executor.size());
  const std::size_t some = std::clamp<std::size_t>(count / (4 * workers), 1, most);
  std::atomic<std::size_t> next{0};
  const auto work = [&](int) {
    for (std::size_t begin = next.fetch_add(some); begin < count; begin = next.fetch_add(some))
      for (std::size_t i = begin; i < std::min(begin + some, count); ++i) body(i);
  };
  if (count <= 1 || workers == 1) {
    work(0);
  } else {
    executor.run(work);
  }
}

}  // namespace headformer
