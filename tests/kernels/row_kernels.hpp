#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "headformer/core/executor.hpp"
#include "headformer/core/thread_pool.hpp"

namespace headformer::testing {

/// Every instruction set that this machine has.
inline std::vector<Isa> machine_isas() {
  std::vector<Isa> isas;
  for (const Isa isa : {Isa::portable, Isa::neon_dot, Isa::neon_i8mm, Isa::avx2, Isa::avx2_vnni, Isa::avx512,
                        Isa::avx512_vnni, Isa::avx512_bf16, Isa::amx_bf16}) {
    if (has_isa(CpuFeatures::detect(), isa)) isas.push_back(isa);
  }
  return isas;
}

inline std::vector<float> random_values(std::size_t count, unsigned seed, float scale = 1.0F) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0.0F, scale);
  std::vector<float> values(count);
  for (float& value : values) value = normal(generator);
  return values;
}

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

/// |found - expected| in units of the last place of the f32 nearest to `expected`.
inline double ulp_error(float found, double expected) {
  const auto nearest = static_cast<float>(expected);
  if (!std::isfinite(nearest) || !std::isfinite(found)) return found == nearest ? 0.0 : 1e30;
  const int exponent = nearest == 0.0F ? -126 : std::max(std::ilogb(nearest), -126);
  return std::abs(static_cast<double>(found) - expected) / std::ldexp(1.0, exponent - 23);
}

/// Greatest |found - expected|, with where it is.
struct Difference {
  double greatest = 0.0;
  std::size_t index = 0;
};
template <class A, class B>
Difference difference(const A& found, const B& expected) {
  Difference result;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double d = std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i]));
    if (!(d <= result.greatest)) result = {d, i};
  }
  return result;
}

}  // namespace headformer::testing
