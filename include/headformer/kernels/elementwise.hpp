#pragma once

#include <cstdint>

#include "headformer/core/executor.hpp"
#include "headformer/kernels/rows.hpp"
#include "headformer/kernels/vector_math.hpp"

namespace headformer::kernels {
enum class ElementFunction : std::uint8_t { scale, soft_cap, exp, exp2, erf };
enum class PairFunction : std::uint8_t { add, multiply, add_scaled };
}  // namespace headformer::kernels

#define HEADFORMER_BODY "headformer/kernels/bodies/elementwise.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY

namespace headformer::kernels {

// Shapes of everything here: [T, F] (inner dimensions taken together), row strides allowed. Work is split by rows; an
// element's bits depend on that element only.

namespace detail {
template <class Row>
void for_each_row(const Compute& compute, TensorView<float> y, Row&& row) {
  parallel_for(compute.executor, y.rows(), row_grain(y.columns()), [&](Index begin, Index end) {
    for (Index r = begin; r < end; ++r) row(y.row(r), y.columns());
  });
}
}  // namespace detail

/// y = function(y, constant), element by element, in place; compiles all functions (scale and soft_cap below compile
/// one each). `constant` is the factor of scale and the cap of soft_cap.
inline void transform(const Compute& compute, ElementFunction function, TensorView<float> y, float constant = 0.0F) {
  detail::for_each_row(compute, y, [&](float* row, Index count) {
    HEADFORMER_ON_TARGET(compute.isa, transform(function, row, count, constant));
  });
}

/// y = function(y, x), element by element, in place; add_scaled is y + constant * x.
/// Throws ArgumentError unless both have one size.
inline void combine(const Compute& compute, PairFunction function, TensorView<float> y, TensorView<const float> x,
                    float constant = 0.0F) {
  detail::require_same_size("elementwise", y, x);
  parallel_for(compute.executor, y.rows(), detail::row_grain(y.columns()), [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      HEADFORMER_ON_TARGET(compute.isa, combine(function, y.row(row), x.row(row), y.columns(), constant));
    }
  });
}

/// y += x.
inline void add(const Compute& compute, TensorView<float> y, TensorView<const float> x) {
  combine(compute, PairFunction::add, y, x);
}
/// y *= x.
inline void multiply(const Compute& compute, TensorView<float> y, TensorView<const float> x) {
  combine(compute, PairFunction::multiply, y, x);
}
/// y += factor * x, rounded once where the machine has a fused multiply-add.
inline void add_scaled(const Compute& compute, TensorView<float> y, TensorView<const float> x, float factor) {
  combine(compute, PairFunction::add_scaled, y, x, factor);
}
/// y *= factor.
inline void scale(const Compute& compute, TensorView<float> y, float factor) {
  detail::for_each_row(
      compute, y, [&](float* row, Index count) { HEADFORMER_ON_TARGET(compute.isa, scale_row(row, count, factor)); });
}
/// y = cap * tanh(y / cap): logits bounded softly (Gemma 2, arXiv:2408.00118).
inline void soft_cap(const Compute& compute, TensorView<float> y, float cap) {
  detail::for_each_row(
      compute, y, [&](float* row, Index count) { HEADFORMER_ON_TARGET(compute.isa, soft_cap_row(row, count, cap)); });
}

}  // namespace headformer::kernels
