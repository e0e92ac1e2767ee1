#pragma once

#include <string>

#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/kernels/normalization.hpp"
#include "headformer/kernels/rows.hpp"
#include "headformer/kernels/targets.hpp"

#define HEADFORMER_BODY "headformer/kernels/bodies/normalization.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY

namespace headformer::kernels {

namespace detail {
/// Throws ArgumentError unless a parameter of a norm is missing or has one value for each of the last dimension.
inline void require_width(const char* kernel, const char* parameter, const TensorView<const float>& values,
                          Index width) {
  if (values.data() != nullptr && values.count() != width)
    throw ArgumentError(std::string(kernel) + ": expected " + parameter + " of " + std::to_string(width) +
                        " values, found " + to_string(values.shape()));
}

/// Calls row(x, y) for each vector along the last dimension.
template <class Row>
void for_each_vector(const Compute& compute, TensorView<const float> x, TensorView<float> y, Row&& row) {
  const Index width = last_size(x);
  const Index vectors = width == 0 ? 0 : x.columns() / width;
  parallel_for(compute.executor, x.rows(), row_grain(x.columns()), [&](Index begin, Index end) {
    for (Index t = begin; t < end; ++t) {
      for (Index i = 0; i < vectors; ++i) row(x.row(t) + i * width, y.row(t) + i * width);
    }
  });
}
}  // namespace detail

HEADFORMER_INLINE void rms_norm(const Compute& compute, TensorView<const float> x, TensorView<const float> weight,
                                float epsilon, TensorView<float> y, float weight_offset) {
  const Index width = detail::last_size(x);
  detail::require_same_size("rms_norm", x, y);
  detail::require_width("rms_norm", "a weight", weight, width);
  const float offset = weight.data() == nullptr ? 1.0F : weight_offset;
  detail::for_each_vector(compute, x, y, [&](const float* from, float* to) {
    HEADFORMER_ON_TARGET(compute.isa, rms_norm_row(from, weight.data(), to, width, epsilon, offset));
  });
}

HEADFORMER_INLINE void layer_norm(const Compute& compute, TensorView<const float> x, TensorView<const float> weight,
                                  TensorView<const float> bias, float epsilon, TensorView<float> y) {
  const Index width = detail::last_size(x);
  detail::require_same_size("layer_norm", x, y);
  detail::require_width("layer_norm", "a weight", weight, width);
  detail::require_width("layer_norm", "a bias", bias, width);
  detail::for_each_vector(compute, x, y, [&](const float* from, float* to) {
    HEADFORMER_ON_TARGET(compute.isa, layer_norm_row(from, weight.data(), bias.data(), to, width, epsilon));
  });
}

}  // namespace headformer::kernels
