#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

// How the quantisers keep the bits that the formats' reference gives. That one is compiled without fused multiply-adds,
// so a product is rounded before anything is added to it. Compilers fuse the two where the machine can (g++ by default,
// across statements too), therefore a product and the addition that takes it are kept in different functions, with the
// product in memory between them, and these functions are never inlined.

#define HEADFORMER_UNFUSED [[gnu::noinline]]

namespace headformer::kernels::quantization {

/// a b, rounded.
HEADFORMER_UNFUSED inline float product(float a, float b) { return a * b; }

/// out[i] = (x[i] - offset) scale, rounded after each step.
template <std::size_t count>
HEADFORMER_UNFUSED void scale_shifted(const float* x, float offset, float scale, float* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = (x[i] - offset) * scale;
}

/// The integer part, as a C cast does where that is defined; 0 for what no int32 holds, NaN included.
inline int truncated(float value) {
  constexpr float limit = 2147483648.0F;
  return value > -limit && value < limit ? static_cast<int>(value) : 0;
}

/// Halves away from zero; 0 for what no int32 holds. (value - its integer part is exact.)
inline int rounded_away(float value) {
  const int whole = truncated(value);
  const float rest = value - static_cast<float>(whole);
  const int away = (rest >= 0.5F ? 1 : 0) - (rest <= -0.5F ? 1 : 0);
  return std::abs(rest) < 1.0F ? whole + away : 0;
}

/// Halves to even, for |value| < 2^22: adding 1.5 x 2^23 leaves the integer in the mantissa. What is larger, and NaN,
/// gives some number in [-2^22, 2^22).
inline int rounded_even(float value) {
  const float shifted = value + 12582912.0F;
  std::int32_t bits = 0;
  std::memcpy(&bits, &shifted, sizeof bits);
  return (bits & 0x007fffff) - 0x00400000;
}

inline int clamped(int value, int lo, int hi) { return value < lo ? lo : value > hi ? hi : value; }

}  // namespace headformer::kernels::quantization
