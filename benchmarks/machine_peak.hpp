#pragma once

// What one core reaches at best, timed in the process that uses the figure: multiply-adds from registers, and reads of
// memory that no cache holds.

#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>

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

/// Bytes a second, from memory in huge pages where the system gives them, as weights and caches are.
inline double read_bandwidth(headformer::Isa isa) {
  constexpr std::size_t size = std::size_t{48} << 20;
  const auto memory = headformer::kernels::detail::allocate_packed(size * sizeof(float));
  auto* const values = reinterpret_cast<float*>(memory.get());
  std::fill_n(values, size, 1.0F);
  constexpr auto count = static_cast<std::ptrdiff_t>(size) - 4096;
  const double seconds =
      best_seconds(8, [&] { benchmark::DoNotOptimize(HEADFORMER_ON_TARGET(isa, read_loop(values, count))); });
  return static_cast<double>(count) * sizeof(float) / seconds;
}

}  // namespace machine_peak
