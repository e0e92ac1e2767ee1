// The packed product, on the shapes of real models, one thread, beside Eigen's and, where CMake found them, oneDNN's
// (f32, bf16 and u8 * s8, weights packed) and OpenBLAS's (f32).
//
//   matmul_benchmark                               f32, then the other formats
//   matmul_benchmark --benchmark_filter=f32/512x    a part of it
//
// Counters: GFLOP/s; of_peak, the share of what this core's multiply-adds reach at that instruction set, timed in the
// same process; GB/s of packed weights; over_eigen, over_onednn, over_openblas: how many times faster than these. Eigen
// is compiled for what the flags allow (so build once with -march=native too). Run it without OPENBLAS_CORETYPE and
// OPENBLAS_L2_SIZE in the environment. Decode (M = 1) walks over copies of the
// weights that together exceed the caches, as a model's layers do. All are the best of the runs: the machine may be
// busy.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "headformer/core/executor.hpp"
#include "headformer/kernels/matmul.hpp"
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

/// Processor time of this program, which has one thread: on a busy machine the wall clock counts others' work too.
double seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Sixteen independent chains of multiply-adds, more than latency times throughput of any core: nothing else to wait
/// for.
#define PEAK_LOOP(target)                                                                 \
  HEADFORMER_NOINLINE double target##_peak_loop(const float* in, float* out, int steps) { \
    namespace simd = kernels::target;                                                     \
    constexpr int chains = simd::registers >= 32 ? 16 : 12;                               \
    const simd::Vec a = simd::load(in);                                                   \
    const simd::Vec b = simd::load(in + simd::width);                                     \
    simd::Vec sums[chains];                                                               \
    HEADFORMER_UNROLL                                                                     \
    for (int i = 0; i < chains; ++i) sums[i] = simd::load(in + i);                        \
    HEADFORMER_NO_UNROLL                                                                  \
    for (int step = 0; step < steps; ++step) {                                            \
      HEADFORMER_UNROLL                                                                   \
      for (int i = 0; i < chains; ++i) sums[i] = simd::fma(a, b, sums[i]);                \
    }                                                                                     \
    HEADFORMER_UNROLL                                                                     \
    for (int i = 0; i < chains; ++i) simd::store(out + i * simd::width, sums[i]);         \
    return 2.0 * chains * simd::width * steps;                                            \
  }

PEAK_LOOP(portable)
#if HEADFORMER_X86
HEADFORMER_BEGIN_AVX2
PEAK_LOOP(avx2)
HEADFORMER_END_TARGET
HEADFORMER_BEGIN_AVX512
PEAK_LOOP(avx512)
HEADFORMER_END_TARGET
#endif

/// GFLOP/s of that loop, the best of many short runs.
double peak_gflops(Isa isa) {
  static double known[3] = {};
  double& best = known[static_cast<int>(isa)];
  if (best > 0.0) return best;
  std::vector<float> in(64, 1e-3F);  // not all equal, or the chains are one
  for (std::size_t i = 0; i < in.size(); ++i) in[i] += 1e-6F * static_cast<float>(i);
  std::vector<float> out(1024);
  for (int repeat = 0; repeat < 300; ++repeat) {
    const double start = seconds();
    double flops = 0.0;
#if HEADFORMER_X86
    if (isa == Isa::avx512) flops = avx512_peak_loop(in.data(), out.data(), 100000);
    if (isa == Isa::avx2) flops = avx2_peak_loop(in.data(), out.data(), 100000);
#endif
    if (flops == 0.0) flops = portable_peak_loop(in.data(), out.data(), 100000);
    benchmark::DoNotOptimize(out.data());
    best = std::max(best, flops / (seconds() - start) * 1e-9);
  }
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
  SerialExecutor executor;
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

void product(benchmark::State& state, DType dtype, Isa isa, Index rows, Sizes sizes) {
  SerialExecutor executor;
  Scratch scratch;
  const std::vector<PackedMatrix> matrices = make(dtype, sizes, rows == 1);
  std::vector<float> x(static_cast<std::size_t>(rows * sizes.inputs), 0.5F);
  std::vector<float> y(static_cast<std::size_t>(rows * sizes.outputs));
  std::size_t turn = 0;
  double best = 1e9;
  const auto run = [&] {
    kernels::matmul({executor, isa}, TensorView<const float>(x.data(), {rows, sizes.inputs}),
                    matrices[turn++ % matrices.size()], TensorView<float>(y.data(), {rows, sizes.outputs}), scratch);
    benchmark::ClobberMemory();
  };
  for (auto unused : state) {
    const double start = seconds();
    run();
    best = std::min(best, (seconds() - start));
  }
  const double flops = 2.0 * static_cast<double>(rows * sizes.inputs * sizes.outputs);
  state.counters["GFLOP/s"] = flops / best * 1e-9;
  state.counters["of_peak"] = flops / best * 1e-9 / peak_gflops(isa);
  state.counters["GB/s"] = static_cast<double>(matrices[0].bytes()) / best * 1e-9;
  const auto numbers = dtype == DType::f32    ? peers::Numbers::f32
                       : dtype == DType::bf16 ? peers::Numbers::bf16
                                              : peers::Numbers::int8;
  if (dtype != DType::f32 && dtype != DType::bf16 && dtype != DType::q8_0) return;
  peers::compare(state, {rows, sizes.inputs, sizes.outputs, matrices.size(), 1, numbers}, seconds, run);
}

void add(DType dtype, Isa isa, Index rows, Sizes sizes) {
  const std::string name = std::string(name_of(dtype)) + "/" + std::to_string(rows) + "x" +
                           std::to_string(sizes.inputs) + "x" + std::to_string(sizes.outputs) + "/" +
                           std::string(name_of(isa));
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
    product(state, dtype, isa, rows, sizes);
  })->MinTime(0.1);
}

}  // namespace

int main(int argc, char** argv) {
  const Isa isa = best_isa();
  for (const Index rows : {1, 8, 64, 512}) {
    for (const Sizes sizes : shapes) add(DType::f32, isa, rows, sizes);
  }
  add(DType::f32, isa, 1, vocabulary);
  for (const DType dtype :
       {DType::bf16, DType::f16, DType::q8_0, DType::q4_0, DType::q4_1, DType::q5_0, DType::q5_1, DType::q2_k,
        DType::q3_k, DType::q4_k, DType::q5_k, DType::q6_k, DType::iq4_nl, DType::iq4_xs, DType::mxfp4}) {
    for (const Index rows : {1, 512}) add(dtype, isa, rows, {2048, 2048});
  }
  for (const Isa other : {Isa::portable, Isa::avx2}) {
    if (other >= isa) continue;
    for (const Index rows : {1, 64}) add(DType::f32, other, rows, {2048, 2048});
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
