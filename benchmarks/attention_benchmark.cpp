// Attention on one thread, as a share of what the core can do: causal prefill of T rows (counting the pairs a query
// sees) against its multiply-adds, decode of one row against its read bandwidth with keys and values that no cache
// holds.
//
//   attention_benchmark                                 everything
//   attention_benchmark --benchmark_filter=prefill/64   a part of it
//
// HEADFORMER_ISA=avx2 in the environment measures another instruction set.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "headformer/kernels/attention.hpp"
#include "machine_peak.hpp"

namespace {

using namespace headformer;
using kernels::page_positions;

Isa chosen_isa() {
  const char* name = std::getenv("HEADFORMER_ISA");
  return isa_from_name(name == nullptr ? "auto" : name);
}

double peak_flops() {
  static const double peak = machine_peak::flops(chosen_isa());
  return peak;
}
double peak_bandwidth() {
  static const double peak = machine_peak::read_bandwidth(chosen_isa());
  return peak;
}

/// Pages of `copies` sequences of `keys` keys each, filled with noise.
struct Cache {
  kernels::KeyValueLayout layout;
  Index keys;
  std::vector<AlignedArray<std::byte>> storage;
  std::vector<std::vector<const std::byte*>> sequences;

  Cache(const kernels::KeyValueLayout& layout_, Index keys_, Index copies) : layout(layout_), keys(keys_) {
    std::mt19937 generator(1);
    std::normal_distribution<float> normal;
    std::vector<float> noise(static_cast<std::size_t>(layout.heads * std::max(layout.key_width, layout.value_width)) +
                             97);
    for (float& value : noise) value = normal(generator);
    for (Index copy = 0; copy < copies; ++copy) {
      sequences.emplace_back();
      for (Index begin = 0; begin < keys; begin += page_positions) {
        storage.emplace_back(layout.page_bytes());
        sequences.back().push_back(storage.back().data());
        for (Index slot = 0; slot < page_positions; ++slot) {
          kernels::append(layout, storage.back().data(), slot, noise.data() + slot % 97, noise.data() + slot % 89);
        }
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
void prefill(benchmark::State& state, Shape shape, Index before, Index rows, DType dtype) {
  SerialExecutor serial;
  const Compute compute{serial, chosen_isa()};
  const kernels::AttentionParameters parameters = parameters_of(shape);
  const Cache cache({shape.key_value_heads, shape.width, shape.width, dtype}, before + rows, 1);
  const Index columns = shape.heads * shape.width;
  std::vector<float> q(static_cast<std::size_t>(rows * columns), 0.3F);
  std::vector<float> out(q.size());
  kernels::AttentionSequence sequence{0, rows, before, before + rows, cache.sequences[0]};
  Scratch scratch;
  const auto attend = [&] {
    kernels::attention(compute, parameters, cache.layout, {q.data(), {rows, columns}}, {&sequence, 1},
                       {out.data(), {rows, columns}}, scratch);
    benchmark::ClobberMemory();
  };
  double best = 1e30;
  for (auto _ : state) {
    const double seconds = machine_peak::best_seconds(1, attend);
    best = std::min(best, seconds);
  }
  const auto pairs = static_cast<double>(rows) * (static_cast<double>(before) + static_cast<double>(rows + 1) / 2.0);
  const double work = 4.0 * pairs * static_cast<double>(shape.width * shape.heads);
  state.counters["best_GFLOP/s"] = work / best * 1e-9;
  state.counters["of_peak"] = work / best / peak_flops();
}

/// One query after 2047 keys, each time of another sequence.
void decode(benchmark::State& state, Shape shape, DType dtype) {
  SerialExecutor serial;
  const Compute compute{serial, chosen_isa()};
  const kernels::AttentionParameters parameters = parameters_of(shape);
  constexpr Index keys = 2048;
  const kernels::KeyValueLayout layout{shape.key_value_heads, shape.width, shape.width, dtype};
  const std::size_t bytes = layout.page_bytes() * static_cast<std::size_t>(keys / page_positions);
  const Cache cache(layout, keys, static_cast<Index>((std::size_t{192} << 20) / bytes));
  const Index columns = shape.heads * shape.width;
  std::vector<float> q(static_cast<std::size_t>(columns), 0.3F);
  std::vector<float> out(q.size());
  Scratch scratch;
  double best = 1e30;
  for (auto _ : state) {  // the best round over all sequences
    const double seconds = machine_peak::best_seconds(1, [&] {
      for (const auto& pages : cache.sequences) {
        kernels::AttentionSequence sequence{0, 1, keys - 1, keys, pages};
        kernels::attention(compute, parameters, layout, {q.data(), {1, columns}}, {&sequence, 1},
                           {out.data(), {1, columns}}, scratch);
        benchmark::ClobberMemory();
      }
    });
    best = std::min(best, seconds / static_cast<double>(cache.sequences.size()));
  }
  state.counters["best_GB/s"] = static_cast<double>(bytes) / best * 1e-9;
  state.counters["of_bandwidth"] = static_cast<double>(bytes) / best / peak_bandwidth();
}

void register_all() {
  for (const Index width : {64, 128}) {
    const std::string tail = "/" + std::to_string(width) + "/32_heads_4_kv/";
    const Shape grouped{32, 4, width};
    for (const Index rows : {128, 512, 2048}) {
      benchmark::RegisterBenchmark(("prefill" + tail + std::to_string(rows)).c_str(), prefill, grouped, 0, rows,
                                   DType::f32);
    }
    benchmark::RegisterBenchmark(("prefill" + tail + "48_after_2000").c_str(), prefill, grouped, 2000, 48, DType::f32);
    benchmark::RegisterBenchmark(("prefill" + tail + "512_f16").c_str(), prefill, grouped, 0, 512, DType::f16);
    for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
      const std::string name = "/" + std::string(name_of(dtype));
      const std::string head = "decode/" + std::to_string(width);
      benchmark::RegisterBenchmark((head + "/4_heads_4_kv" + name).c_str(), decode, Shape{4, 4, width}, dtype);
      benchmark::RegisterBenchmark((head + "/16_heads_4_kv" + name).c_str(), decode, Shape{16, 4, width}, dtype);
      benchmark::RegisterBenchmark((head + "/32_heads_4_kv" + name).c_str(), decode, Shape{32, 4, width}, dtype);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  register_all();
  benchmark::AddCustomContext("isa", std::string(name_of(chosen_isa())));
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
