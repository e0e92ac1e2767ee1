// What this machine reaches at best, one JSON object a line for each thread count:
//   machine [--threads 1,2]
//   {"threads": 1, "f32_gflops": x, "bf16_gflops": x, "int8_gops": x, "read_gb_per_second": x}
// Multiply-adds from registers count twice; bf16 (in AMX's tiles where they are) and int8 are null where the processor
// has no 512-bit dot product of them. All threads work at the same time, on the wall clock; the best of many short
// runs.
#include <chrono>
#include <functional>
#include <headformer/core/thread_pool.hpp>
#include <headformer/formats/json.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "../examples/program.hpp"
#include "machine_dots.hpp"
#include "machine_peak.hpp"

namespace {

using namespace headformer;

/// The fastest of `repeats` runs of work(worker) on all threads.
double best_wall_seconds(ThreadPool& pool, int repeats, const std::function<void(int)>& work) {
  using Clock = std::chrono::steady_clock;
  double best = 1e30;
  for (int i = 0; i < repeats; ++i) {
    const auto start = Clock::now();
    pool.run(work);
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

nlohmann::ordered_json measure(int threads) {
  ThreadPool pool(threads);
  const Isa isa = best_isa();
  constexpr std::ptrdiff_t count = 50000;
  constexpr int repeats = 200;
  const auto rate = [&](double operations, const std::function<void(int)>& work) {
    return operations * threads / best_wall_seconds(pool, repeats, work) * 1e-9;
  };
  nlohmann::ordered_json line;
  line["threads"] = threads;
  const double lanes = HEADFORMER_ON_TARGET(isa, vector_width());
  line["f32_gflops"] = rate(2.0 * 24.0 * count * lanes, [&](int) {
    benchmark::DoNotOptimize(HEADFORMER_ON_TARGET(isa, multiply_add_loop(count, 0.5F)));
  });
  line["bf16_gflops"] = nullptr;
  line["int8_gops"] = nullptr;
#if HEADFORMER_X86
  const CpuFeatures features = CpuFeatures::detect();
  if (isa >= Isa::amx_bf16 && may_use_tiles()) {
    line["bf16_gflops"] = rate(machine_peak::tile_operations * count, [&](int) { machine_peak::tile_loop(count); });
  } else if (features.avx512_bf16) {
    line["bf16_gflops"] = rate(2.0 * 32.0 * machine_peak::dot_chains * count,
                               [&](int) { benchmark::DoNotOptimize(machine_peak::bf16_dot_loop(count, 0x3f003f00)); });
  }
  if (features.avx512_vnni) {
    line["int8_gops"] = rate(2.0 * 64.0 * machine_peak::dot_chains * count,
                             [&](int) { benchmark::DoNotOptimize(machine_peak::int8_dot_loop(count, 0x01010101)); });
  }
#endif
  line["read_gb_per_second"] = machine_peak::read_bandwidth(pool, isa) * 1e-9;
  return line;
}

}  // namespace

int main(int argc, char** argv) {
  program::App app("Measures the processor's multiply-adds and the memory's read bandwidth");
  std::vector<int> threads;
  app.add_option("--threads", threads, "thread counts, e.g. 1,2 (one for each processor)")
      ->delimiter(',')
      ->check(program::range(1, 1024));
  return program::run(app, argc, argv, [&] {
    if (threads.empty()) threads.push_back(ThreadPool::available_processors());
    for (const int count : threads) std::cout << measure(count).dump() << std::endl;
  });
}
