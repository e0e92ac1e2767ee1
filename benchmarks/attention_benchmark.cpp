// Attention as a share of what the machine can do: causal prefill of T rows (counting the pairs a query sees) against
// its multiply-adds, decode of one row against its roofline, the lesser of its read bandwidth and its multiply-adds,
// with keys and values that no cache holds.
//
//   attention_benchmark                                 everything
//   attention_benchmark --benchmark_filter=prefill/64   a part of it
//
// Names: prefill/WIDTH/HEADS_KV/ROWS/DTYPE/THREADS and decode/WIDTH/HEADS_KV/DTYPE/THREADS. A peak of two threads is
// that of one, twice. HEADFORMER_ISA=avx2 in the environment measures another instruction set, HEADFORMER_SMALL_PAGES=1
// a cache without huge pages.

#include <benchmark/benchmark.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "headformer/core/thread_pool.hpp"
#include "headformer/kernels/attention.hpp"
#include "headformer/nn/sequence_state.hpp"
#include "machine_peak.hpp"

namespace {

using namespace headformer;
using kernels::page_positions;

Isa chosen_isa() {
  static const Isa isa = [] {  // once: a virtual machine takes microseconds to say what it can
    const char* name = std::getenv("HEADFORMER_ISA");
    return isa_from_name(name == nullptr ? "auto" : name);
  }();
  return isa;
}

double peak_flops() {
  static const double peak = machine_peak::flops(chosen_isa());
  return peak;
}
double peak_bandwidth() {
  SerialExecutor executor;
  static const double peak = machine_peak::read_bandwidth(executor, chosen_isa());
  return peak;
}

/// Where the work runs, and its clock: one thread's own time is disturbed less than the time on the wall.
class Runner {
 public:
  explicit Runner(int threads) : threads_(threads), pool_(threads) {}
  Compute compute() { return {pool_, chosen_isa()}; }
  int threads() const { return threads_; }
  double now() const {
    if (threads_ == 1) return machine_peak::thread_seconds();
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }

 private:
  int threads_;
  ThreadPool pool_;
};

/// Pages of `copies` sequences of `keys` keys each, filled with noise.
struct Cache {
  std::shared_ptr<PagePool> pool = std::make_shared<PagePool>();
  std::vector<PagePool::Page> storage;
  std::vector<std::vector<const std::byte*>> sequences;

  Cache(const kernels::KeyValueLayout& layout, Index keys, Index copies) {
    std::mt19937 generator(1);
    std::normal_distribution<float> normal;
    std::vector<float> noise(static_cast<std::size_t>(layout.heads * std::max(layout.key_width, layout.value_width)) +
                             97);
    for (float& value : noise) value = normal(generator);
    AlignedArray<std::byte> filled(layout.page_bytes());
    for (Index slot = 0; slot < page_positions; ++slot) {
      kernels::append(layout, filled.data(), slot, noise.data() + slot % 97, noise.data() + slot % 89, chosen_isa());
    }
    const bool small_pages = std::getenv("HEADFORMER_SMALL_PAGES") != nullptr;
    for (Index copy = 0; copy < copies; ++copy) {
      sequences.emplace_back();
      for (Index begin = 0; begin < keys; begin += page_positions) {
        if (small_pages) {
          const auto alone = std::make_shared<AlignedArray<std::byte>>(layout.page_bytes());
          storage.emplace_back(alone, alone->data());
        } else {
          storage.push_back(pool->take(layout.page_bytes()));
        }
        std::memcpy(storage.back().get(), filled.data(), layout.page_bytes());
        sequences.back().push_back(storage.back().get());
      }
    }
  }
};

struct Shape {
  Index heads;
  Index key_value_heads;
  Index width;
};

kernels::AttentionParameters parameters_of(const Shape& shape) {
  kernels::AttentionParameters parameters{shape.heads, shape.key_value_heads, shape.width, shape.width};
  parameters.scale = 1.0F / std::sqrt(static_cast<float>(shape.width));
  return parameters;
}

/// `rows` new queries after `before` keys.
void prefill(benchmark::State& state, Shape shape, Index before, Index rows, DType dtype, int threads) {
  Runner runner(threads);
  const kernels::AttentionParameters parameters = parameters_of(shape);
  const kernels::KeyValueLayout layout{shape.key_value_heads, shape.width, shape.width, dtype};
  const Cache cache(layout, before + rows, 1);
  const Index columns = shape.heads * shape.width;
  std::vector<float> q(static_cast<std::size_t>(rows * columns), 0.3F);
  std::vector<float> out(q.size());
  kernels::AttentionSequence sequence{0, rows, before, before + rows, cache.sequences[0]};
  Scratch scratch;
  double best = 1e30;
  for (auto _ : state) {
    const double start = runner.now();
    kernels::attention(runner.compute(), parameters, layout, {q.data(), {rows, columns}}, {&sequence, 1},
                       {out.data(), {rows, columns}}, scratch);
    benchmark::ClobberMemory();
    best = std::min(best, runner.now() - start);
  }
  const auto pairs = static_cast<double>(rows) * (static_cast<double>(before) + static_cast<double>(rows + 1) / 2.0);
  const double work = 4.0 * pairs * static_cast<double>(shape.width * shape.heads);
  state.counters["best_GFLOP/s"] = work / best * 1e-9;
  state.counters["of_peak"] = work / best / (peak_flops() * threads);
}

/// One query after 2047 keys, each time of another sequence.
void decode(benchmark::State& state, Shape shape, DType dtype, int threads) {
  Runner runner(threads);
  const kernels::AttentionParameters parameters = parameters_of(shape);
  constexpr Index keys = 2048;
  const kernels::KeyValueLayout layout{shape.key_value_heads, shape.width, shape.width, dtype};
  const std::size_t bytes = layout.page_bytes() * static_cast<std::size_t>(keys / page_positions);
  const Cache cache(layout, keys, static_cast<Index>((std::size_t{128} << 20) / bytes));
  const Index columns = shape.heads * shape.width;
  std::vector<float> q(static_cast<std::size_t>(columns), 0.3F);
  std::vector<float> out(q.size());
  Scratch scratch;
  double best = 1e30;
  for (auto _ : state) {  // the best round over all sequences
    const double start = runner.now();
    for (const auto& pages : cache.sequences) {
      kernels::AttentionSequence sequence{0, 1, keys - 1, keys, pages};
      kernels::attention(runner.compute(), parameters, layout, {q.data(), {1, columns}}, {&sequence, 1},
                         {out.data(), {1, columns}}, scratch);
      benchmark::ClobberMemory();
    }
    best = std::min(best, (runner.now() - start) / static_cast<double>(cache.sequences.size()));
  }
  const double reading = static_cast<double>(bytes) / (peak_bandwidth() * threads);
  const double computing = 4.0 * static_cast<double>(keys * columns) / (peak_flops() * threads);
  state.counters["best_GB/s"] = static_cast<double>(bytes) / best * 1e-9;
  state.counters["of_bandwidth"] = reading / best;
  state.counters["of_roofline"] = std::max(reading, computing) / best;
}

void register_all() {
  const auto prefills = [](const Shape& shape, const std::string& heads, Index before, Index rows, DType dtype,
                           int threads) {
    const std::string name = "prefill/" + std::to_string(shape.width) + "/" + heads + "/" + std::to_string(rows) +
                             (before > 0 ? "_after_" + std::to_string(before) : "") + "/" +
                             std::string(name_of(dtype)) + "/" + std::to_string(threads);
    benchmark::RegisterBenchmark(name.c_str(), prefill, shape, before, rows, dtype, threads);
  };
  const auto decodes = [](const Shape& shape, const std::string& heads, DType dtype, int threads) {
    const std::string name = "decode/" + std::to_string(shape.width) + "/" + heads + "/" + std::string(name_of(dtype)) +
                             "/" + std::to_string(threads);
    benchmark::RegisterBenchmark(name.c_str(), decode, shape, dtype, threads);
  };
  const DType dtypes[] = {DType::f32, DType::f16, DType::bf16, DType::q8_0};
  for (const int threads : {1, 2}) {
    // Llama 1.1B; the same with wider heads; Gemma 3 270M; GPT-2.
    for (const auto& [shape, heads] : {std::pair<Shape, const char*>{{32, 4, 64}, "32_4"},
                                       {{32, 4, 128}, "32_4"},
                                       {{4, 1, 256}, "4_1"},
                                       {{12, 12, 64}, "12_12"}}) {
      for (const Index rows : {128, 512, 2048}) prefills(shape, heads, 0, rows, DType::f32, threads);
      prefills(shape, heads, 2000, 48, DType::f32, threads);
      for (const DType dtype : {DType::f16, DType::q8_0}) prefills(shape, heads, 0, 512, dtype, threads);
    }
    for (const Index width : {64, 128}) {
      for (const auto& [sharing, heads] : {std::pair<Index, const char*>{1, "4_4"}, {4, "16_4"}, {8, "32_4"}}) {
        for (const DType dtype : dtypes) decodes({4 * sharing, 4, width}, heads, dtype, threads);
      }
    }
    for (const DType dtype : dtypes) decodes({4, 1, 256}, "4_1", dtype, threads);
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  register_all();
  benchmark::AddCustomContext("isa", std::string(name_of(chosen_isa())));
  benchmark::AddCustomContext("peak GFLOP/s", std::to_string(peak_flops() * 1e-9));
  benchmark::AddCustomContext("read GB/s", std::to_string(peak_bandwidth() * 1e-9));
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
