#pragma once

// How many times faster than its peers a product is, each timed in turn with it so that a busy machine slows both.

#include <benchmark/benchmark.h>

#include <algorithm>

#include "eigen_product.hpp"
#ifdef HEADFORMER_HAVE_ONEDNN
#include "onednn_product.hpp"
#endif
#ifdef HEADFORMER_HAVE_OPENBLAS
#include "openblas_product.hpp"
#endif

namespace peers {

/// One at a time, as each holds copies of the weights.
template <class Body>
void for_each_product(const Problem& problem, Body&& body) {
  if (problem.numbers == Numbers::f32) {
    body(eigen_product(problem));
#ifdef HEADFORMER_HAVE_OPENBLAS
    body(openblas_product(problem));
#endif
  }
#ifdef HEADFORMER_HAVE_ONEDNN
  body(onednn_product(problem));
#endif
}

/// Adds a counter over_NAME for each peer. `seconds()` is the clock, `run()` the product that is compared; both sides
/// count with the best of their runs.
template <class Clock, class Run>
void compare(benchmark::State& state, const Problem& problem, Clock&& seconds, Run&& run) {
  for_each_product(problem, [&](const Product& peer) {
    double ours = 1e30;
    double theirs = 1e30;
    for (std::size_t i = 0; i < std::max<std::size_t>(problem.copies * 2, 6); ++i) {
      double start = seconds();
      run();
      ours = std::min(ours, seconds() - start);
      start = seconds();
      peer.run(i % problem.copies);
      benchmark::ClobberMemory();
      theirs = std::min(theirs, seconds() - start);
    }
    state.counters["over_" + peer.name] = theirs / ours;
  });
}

}  // namespace peers
