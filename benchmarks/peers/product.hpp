#pragma once

// What the packed product is measured beside: y [M, N] = x [M, K] * W^T, W [N, K], as other libraries compute it.

#include <cstddef>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace peers {

/// What a product multiplies.
enum class Numbers { f32, bf16, int8 };

struct Problem {
  std::ptrdiff_t rows;     ///< M
  std::ptrdiff_t inputs;   ///< K
  std::ptrdiff_t outputs;  ///< N
  std::size_t copies;      ///< of the weights, to be taken in turn
  int threads;
  Numbers numbers;
};

/// A library's product with memory of its own. Weights are in whatever layout the library likes best; activations are
/// in the numbers of the product already.
struct Product {
  std::string name;
  std::function<void(std::size_t copy)> run;
};

inline std::vector<float> random_floats(std::ptrdiff_t count) {
  std::minstd_rand random(1);
  std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = uniform(random);
  return values;
}

}  // namespace peers
