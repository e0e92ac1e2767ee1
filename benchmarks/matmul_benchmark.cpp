// The packed product, on the shapes of real models, beside Eigen's and, where CMake found them, oneDNN's (f32, bf16 and
// u8 * s8, weights packed) and OpenBLAS's (f32).
//
//   matmul_benchmark                                   everything: f32, then the other formats
//   matmul_benchmark --benchmark_filter=f32/512x       a part of it
//   matmul_benchmark --benchmark_filter='int8/.*/1$'   the int8 products on one thread
//
// Names: WEIGHTS[+ACTIVATIONS]/MxKxN/ISA/THREADS.
//
// Counters: GFLOP/s; of_peak, the share of what the threads' multiply-adds reach in these numbers, timed in the same
// process (a peak of two threads is that of one, twice); GB/s of packed weights; over_eigen, over_onednn,
// over_openblas: how many times faster than these, on one thread. Decode (M = 1) walks over copies of the weights that
// together exceed the caches, as a model's layers do, in turn with a loop that only reads as much memory; of_read is
// the median of the ratios. All others are the best of the runs: the machine may be busy.
//
// Eigen is compiled for what the flags allow (so build once with -march=native too). Run it without OPENBLAS_CORETYPE
// and OPENBLAS_L2_SIZE in the environment.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/thread_pool.hpp"
#include "headformer/kernels/matmul.hpp"
#include "machine_dots.hpp"
#include "machine_peak.hpp"
#include "peers/compare.hpp"

namespace {

using namespace headformer;
using kernels::PackedMatrix;

struct Sizes {
  Index inputs;
  Index outputs;
};
constexpr Sizes shapes[] = {{768, 3072}, {2048, 2048}, {2048, 5632}, {640, 2048}};
constexpr Sizes vocabulary{768, 50257};

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// What weights meet, in the numbers that are multiplied: quantised weights meet f32 or int8 activations.
struct Format {
  DType weights;
  Activations activations;
};

/// GFLOP/s of one core at best in a format's numbers, measured once; f32's where the processor has no dot product.
double peak_gflops(Isa isa, Activations activations) {
  static std::map<std::pair<Isa, Activations>, double> known;
  double& best = known[{isa, activations}];
  if (best > 0.0) return best;
  best = machine_peak::flops(isa) * 1e-9;
#if HEADFORMER_X86
  if (activations == Activations::bf16 && isa >= Isa::avx512_bf16) {
    const bool tiles = isa >= Isa::amx_bf16 && may_use_tiles();
    best = (tiles ? machine_peak::tile_flops() : machine_peak::bf16_flops()) * 1e-9;
  }
  if (activations == Activations::int8 && isa >= Isa::avx512_vnni) best = machine_peak::int8_ops() * 1e-9;
#endif
  return best;
}

/// A matrix's bytes in a dtype: random, with scales that keep every weight small and finite.
std::vector<std::byte> random_rows(DType dtype, Index outputs, Index inputs) {
  std::vector<std::byte> bytes(row_bytes(dtype, static_cast<std::size_t>(inputs)) * static_cast<std::size_t>(outputs));
  std::minstd_rand random(1);
  if (dtype == DType::f32) {
    std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
    for (std::size_t i = 0; i < bytes.size(); i += sizeof(float)) {
      const float value = uniform(random);
      std::memcpy(bytes.data() + i, &value, sizeof value);
    }
    return bytes;
  }
  // With bit 6 of each byte off no f16, bf16 or exponent among them is large or NaN.
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() >> 8 & 0xbfU);
  return bytes;
}

/// One matrix, or for decode as many copies as leave the caches.
std::vector<PackedMatrix> make(DType dtype, Sizes sizes, bool rotate) {
  ThreadPool executor(ThreadPool::available_processors());
  const std::vector<std::byte> rows = random_rows(dtype, sizes.outputs, sizes.inputs);
  const std::size_t bytes = row_bytes(dtype, static_cast<std::size_t>(sizes.inputs));
  const std::size_t copies = rotate ? std::clamp<std::size_t>((std::size_t{192} << 20) / rows.size(), 1, 40) : 1;
  std::vector<PackedMatrix> result;
  for (std::size_t i = 0; i < copies; ++i) {
    result.push_back(PackedMatrix::pack(executor, dtype, sizes.outputs, sizes.inputs, [&](Index row, std::byte*) {
      return rows.data() + static_cast<std::size_t>(row) * bytes;
    }));
  }
  return result;
}

/// What is measured: x [rows, inputs] times weights [outputs, inputs].
struct Case {
  Format format;
  Isa isa;
  Index rows;
  Sizes sizes;
  int threads;

  std::string name() const {
    std::string name(name_of(format.weights));
    if (format.activations == Activations::bf16) name += "+bf16";
    if (format.activations == Activations::int8) name += "+int8";
    name += "/" + std::to_string(rows) + "x" + std::to_string(sizes.inputs) + "x" + std::to_string(sizes.outputs);
    return name + "/" + std::string(name_of(isa)) + "/" + std::to_string(threads);
  }
};

/// The share of the memory's read bandwidth that a walk over `bytes` of weights reaches: a read and a walk in turn.
double share_of_reading(Executor& executor, Isa isa, double bytes, const std::function<void()>& walk) {
  static const machine_peak::ReadProbe probe;
  std::vector<double> shares;
  for (int i = 0; i < 9; ++i) {
    const double read = std::max(probe.bytes_per_second(executor, isa), probe.bytes_per_second(executor, isa));
    const double start = wall_seconds();
    walk();
    shares.push_back(bytes / (wall_seconds() - start) / read);
  }
  std::nth_element(shares.begin(), shares.begin() + 4, shares.end());
  return shares[4];
}

void product(benchmark::State& state, const Case& measured) {
  const auto [format, isa, rows, sizes, threads] = measured;
  ThreadPool executor(threads);
  // One thread's own time is disturbed less than the time on the wall.
  const auto seconds = threads == 1 ? machine_peak::thread_seconds : wall_seconds;
  Scratch scratch;
  const std::vector<PackedMatrix> matrices = make(format.weights, sizes, rows == 1);
  std::vector<float> x(static_cast<std::size_t>(rows * sizes.inputs), 0.5F);
  std::vector<float> y(static_cast<std::size_t>(rows * sizes.outputs));
  std::size_t turn = 0;
  double best = 1e9;
  const auto run = [&] {
    kernels::matmul({executor, isa, format.activations}, TensorView<const float>(x.data(), {rows, sizes.inputs}),
                    matrices[turn++ % matrices.size()], TensorView<float>(y.data(), {rows, sizes.outputs}), scratch);
    benchmark::ClobberMemory();
  };
  for (auto unused : state) {
    const double start = seconds();
    run();
    best = std::min(best, (seconds() - start));
  }
  const double flops = 2.0 * static_cast<double>(rows * sizes.inputs * sizes.outputs);
  const auto bytes = static_cast<double>(matrices[0].bytes());
  state.counters["GFLOP/s"] = flops / best * 1e-9;
  state.counters["of_peak"] = flops / best * 1e-9 / peak_gflops(isa, format.activations) / threads;
  state.counters["GB/s"] = bytes / best * 1e-9;
  if (rows == 1) {
    state.counters["of_read"] = share_of_reading(executor, isa, bytes * static_cast<double>(matrices.size()), [&] {
      for (std::size_t i = 0; i < matrices.size(); ++i) run();
    });
  }
  if (threads > 1) return;
  // Like with like: only where the peer multiplies the same numbers.
  const auto compare = [&](peers::Numbers numbers) {
    peers::compare(state, {rows, sizes.inputs, sizes.outputs, matrices.size(), 1, numbers}, seconds, run);
  };
  if (format.weights == DType::f32) compare(peers::Numbers::f32);
  if (format.activations == Activations::bf16) compare(peers::Numbers::bf16);
  if (format.weights == DType::q8_0 && format.activations == Activations::int8) compare(peers::Numbers::int8);
}

void add(const Case& measured) {
  benchmark::RegisterBenchmark(measured.name().c_str(), [=](benchmark::State& state) {
    product(state, measured);
  })->MinTime(0.1);
}

}  // namespace

int main(int argc, char** argv) {
  const Isa isa = best_isa();
  std::vector<int> threads = {1};
  if (ThreadPool::available_processors() > 1) threads.push_back(2);
  const Format f32{DType::f32, Activations::f32};
  for (const int count : threads) {
    for (const Index rows : {1, 8, 64, 512}) {
      for (const Sizes sizes : shapes) add({f32, isa, rows, sizes, count});
    }
    add({f32, isa, 1, vocabulary, count});
  }
  std::vector<Format> formats = {
      {DType::bf16, Activations::f32}, {DType::bf16, Activations::bf16}, {DType::f16, Activations::f32}};
  for (const DType dtype : {DType::q8_0, DType::q4_0, DType::q4_1, DType::q5_0, DType::q5_1, DType::q2_k, DType::q3_k,
                            DType::q4_k, DType::q5_k, DType::q6_k, DType::iq4_nl, DType::iq4_xs, DType::mxfp4}) {
    formats.push_back({dtype, Activations::f32});
    formats.push_back({dtype, Activations::int8});
  }
  for (const Format& format : formats) {
    for (const int count : threads) {
      for (const Index rows : {1, 64, 512}) {
        for (const Sizes sizes : shapes) {
          if (sizes.inputs % static_cast<Index>(block_length(format.weights)) == 0)
            add({format, isa, rows, sizes, count});
        }
      }
    }
  }
  if (isa > Isa::avx512_bf16) {  // what tiles are beside
    for (const Index rows : {1, 64, 512})
      for (const Sizes sizes : shapes) add({{DType::bf16, Activations::bf16}, Isa::avx512_bf16, rows, sizes, 1});
  }
  for (const Isa other : {Isa::portable, Isa::avx2}) {
    if (other >= isa) continue;
    for (const Index rows : {1, 64}) add({f32, other, rows, {2048, 2048}, 1});
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
