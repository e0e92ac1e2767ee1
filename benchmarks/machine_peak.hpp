#pragma once

// What one core reaches at best, timed in the process that uses the figure: multiply-adds from registers, and reads of
// memory that no cache holds.

#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "headformer/core/executor.hpp"
#include "headformer/kernels/packing/storage.hpp"
#include "headformer/kernels/targets.hpp"

// As for_each_target.inc does, for a body that lies beside this file.
namespace headformer::kernels::HEADFORMER_PORTABLE {
#include "machine_peak.inc"
}  // namespace headformer::kernels::HEADFORMER_PORTABLE
#if HEADFORMER_X86
HEADFORMER_BEGIN_AVX2
namespace headformer::kernels::avx2 {
#include "machine_peak.inc"
}  // namespace headformer::kernels::avx2
HEADFORMER_END_TARGET
HEADFORMER_BEGIN_AVX512
namespace headformer::kernels::avx512 {
#include "machine_peak.inc"
}  // namespace headformer::kernels::avx512
HEADFORMER_END_TARGET
#endif

namespace machine_peak {

/// Time this thread has run, so that other programs disturb less.
inline double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// Seconds of the fastest of some calls.
template <class Work>
double best_seconds(int repeats, Work&& work) {
  double best = 1e30;
  for (int i = 0; i < repeats; ++i) {
    const double start = thread_seconds();
    work();
    best = std::min(best, thread_seconds() - start);
  }
  return best;
}

/// Multiply-adds a second count twice.
inline double flops(headformer::Isa isa) {
  constexpr std::ptrdiff_t count = 20000;
  const int width = HEADFORMER_ON_TARGET(isa, vector_width());
  const double seconds =
      best_seconds(200, [&] { benchmark::DoNotOptimize(HEADFORMER_ON_TARGET(isa, multiply_add_loop(count, 0.5F))); });
  return 2.0 * 24.0 * static_cast<double>(count) * width / seconds;
}

/// Memory that no cache holds, in huge pages where the system gives them, as weights and caches are.
class ReadProbe {
 public:
  ReadProbe() : memory_(headformer::kernels::detail::allocate_packed(floats * sizeof(float))) {
    std::uninitialized_fill_n(values(), floats, 1.0F);
  }

  /// Bytes a second of one pass by all threads, on the wall clock.
  double bytes_per_second(headformer::Executor& executor, headformer::Isa isa) const {
    using Clock = std::chrono::steady_clock;
    const auto threads = static_cast<std::ptrdiff_t>(executor.size());
    // In whole steps of the loop; what it prefetches past its end is there.
    const std::ptrdiff_t part = static_cast<std::ptrdiff_t>(floats) / threads / 4096 * 4096 - 4096;
    const auto start = Clock::now();
    executor.run([&](int worker) {
      benchmark::DoNotOptimize(HEADFORMER_ON_TARGET(isa, read_loop(values() + worker * part, part)));
    });
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    return static_cast<double>(part * threads) * sizeof(float) / seconds;
  }

 private:
  static constexpr std::size_t floats = std::size_t{64} << 20;
  float* values() const { return reinterpret_cast<float*>(memory_.get()); }

  std::shared_ptr<std::byte> memory_;
};

/// Bytes a second that all threads of an executor read at best.
inline double read_bandwidth(headformer::Executor& executor, headformer::Isa isa) {
  const ReadProbe probe;
  double best = 0.0;
  for (int i = 0; i < 12; ++i) best = std::max(best, probe.bytes_per_second(executor, isa));
  return best;
}

}  // namespace machine_peak
