// What a fork and a join cost: between workers that still spin, and after a pause in which they have gone to sleep.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "headformer/core/thread_pool.hpp"

namespace {

using headformer::ThreadPool;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// Median of single runs, `pause` apart, in nanoseconds.
void fork_join(benchmark::State& state, int threads, std::chrono::microseconds pause) {
  ThreadPool pool(threads);
  std::vector<double> seconds;
  const auto nothing = [](int) {};
  for (auto _ : state) {
    if (pause.count() > 0) std::this_thread::sleep_for(pause);
    constexpr int runs = 100;
    const int repeats = pause.count() > 0 ? 1 : runs;
    const double start = now();
    for (int i = 0; i < repeats; ++i) pool.run(nothing);
    seconds.push_back((now() - start) / repeats);
  }
  std::nth_element(seconds.begin(), seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2), seconds.end());
  state.counters["median_ns"] = seconds[seconds.size() / 2] * 1e9;
}

BENCHMARK_CAPTURE(fork_join, one_thread, 1, std::chrono::microseconds(0));
BENCHMARK_CAPTURE(fork_join, two_threads, 2, std::chrono::microseconds(0));
BENCHMARK_CAPTURE(fork_join, two_threads_asleep, 2, std::chrono::microseconds(1000))->Iterations(300);

}  // namespace

BENCHMARK_MAIN();
