#pragma once

#include <cstdint>

namespace headformer::kernels {

enum class ElementFunction : std::uint8_t { scale, soft_cap, exp, exp2, erf };
enum class PairFunction : std::uint8_t { add, multiply, add_scaled };

}  // namespace headformer::kernels
