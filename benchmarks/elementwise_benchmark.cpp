// What works row by row: elementary functions, activations, norms, softmax, rotary. One thread, rows that stay in the
// second cache; in elements a second, and beside it in multiply-adds that the core could do in the time of one element.
//
// HEADFORMER_ISA=avx2 in the environment measures another instruction set.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "headformer/kernels/activation.hpp"
#include "headformer/kernels/elementwise.hpp"
#include "headformer/kernels/normalization.hpp"
#include "headformer/kernels/rotary.hpp"
#include "headformer/kernels/softmax.hpp"
#include "machine_peak.hpp"

namespace {

using namespace headformer;
using kernels::Activation;
using kernels::ElementFunction;

constexpr Index rows = 32;
constexpr Index columns = 2048;

Isa chosen_isa() {
  const char* name = std::getenv("HEADFORMER_ISA");
  return isa_from_name(name == nullptr ? "auto" : name);
}

/// y = f(x), x being the same each time.
using Function = std::function<void(const Compute& compute, TensorView<const float> x, TensorView<float> y)>;

void run(benchmark::State& state, const Function& function) {
  static const double peak = machine_peak::flops(chosen_isa());
  SerialExecutor serial;
  std::vector<float> x(static_cast<std::size_t>(rows * columns));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 601) * 0.01F - 3.0F;
  std::vector<float> y = x;
  double best = 1e30;
  for (auto _ : state) {
    best = std::min(best, machine_peak::best_seconds(1, [&] {
                      function({serial, chosen_isa()}, {x.data(), {rows, columns}}, {y.data(), {rows, columns}});
                      benchmark::ClobberMemory();
                    }));
  }
  const double elements = static_cast<double>(rows * columns) / best;
  state.counters["best_Gelements/s"] = elements * 1e-9;
  state.counters["multiply_adds_each"] = peak / 2.0 / elements;
}

void register_all() {
  const auto add = [](const char* name, const Function& function) {
    benchmark::RegisterBenchmark(name, run, function);
  };
  // In place on y, which the first pass changes: the functions take the same time whatever they are given.
  add("exp", [](const Compute& c, TensorView<const float>, TensorView<float> y) {
    kernels::transform(c, ElementFunction::exp, y);
  });
  add("exp2", [](const Compute& c, TensorView<const float>, TensorView<float> y) {
    kernels::transform(c, ElementFunction::exp2, y);
  });
  add("erf", [](const Compute& c, TensorView<const float>, TensorView<float> y) {
    kernels::transform(c, ElementFunction::erf, y);
  });
  for (const auto& [name, activation] : {std::pair<const char*, Activation>{"tanh", Activation::tanh},
                                         {"sigmoid", Activation::sigmoid},
                                         {"silu", Activation::silu},
                                         {"gelu", Activation::gelu},
                                         {"gelu_tanh", Activation::gelu_tanh}}) {
    add(name, [function = activation](const Compute& c, TensorView<const float> x, TensorView<float> y) {
      kernels::gated(c, function, x, x, y);
    });
  }
  add("rms_norm",
      [](const Compute& c, TensorView<const float> x, TensorView<float> y) { kernels::rms_norm(c, x, {}, 1e-5F, y); });
  add("layer_norm", [](const Compute& c, TensorView<const float> x, TensorView<float> y) {
    kernels::layer_norm(c, x, {}, {}, 1e-5F, y);
  });
  add("softmax", [](const Compute& c, TensorView<const float>, TensorView<float> y) { kernels::softmax(c, y); });
  add("rotary", [](const Compute& c, TensorView<const float>, TensorView<float> y) {
    static const std::vector<float> angles(static_cast<std::size_t>(rows * 32), 0.7F);
    const TensorView<const float> table(angles.data(), {rows, 32});
    kernels::rotary(c, {y.data(), {rows, columns / 64, 64}}, table, table, kernels::RotaryLayout::half_split);
  });
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  register_all();
  benchmark::AddCustomContext("isa", std::string(name_of(chosen_isa())));
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
