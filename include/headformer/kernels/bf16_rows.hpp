#pragma once

#include <algorithm>
#include <cstdint>

#include "headformer/core/executor.hpp"
#include "headformer/core/scratch.hpp"
#include "headformer/kernels/rows.hpp"
#include "headformer/kernels/targets.hpp"
#include "headformer/kernels/vector_math.hpp"

#define HEADFORMER_BODY "headformer/kernels/bodies/bf16_rows.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY

#if HEADFORMER_X86
HEADFORMER_BEGIN_AVX512_BF16
namespace headformer::kernels::avx512_bf16 {
using namespace headformer::kernels::avx512;
#include "headformer/kernels/bodies/bf16_pairs.inc"
}  // namespace headformer::kernels::avx512_bf16
HEADFORMER_END_TARGET
#endif

namespace headformer::kernels::detail {

#if HEADFORMER_X86
/// x [M, K] rounded to bf16, in pairs of k: [M, (K + 1) / 2]. Rows lie at multiples of 64 bytes and are filled up with
/// zeros; 15 more may be read, for tiles of 16. The memory comes from the frame.
inline TensorView<const std::uint32_t> bf16_pairs(const Compute& compute, TensorView<const float> x,
                                                  Scratch::Frame& frame) {
  const Index columns = (x.columns() + 1) / 2;
  const Index stride = (columns + 15) / 16 * 16;
  const auto rows = frame.take<std::uint32_t>(Shape{x.rows() + 15, stride});
  const TensorView<std::uint32_t> pairs(rows.data(), Shape{x.rows(), columns}, stride);
  parallel_for(compute.executor, x.rows(), row_grain(x.columns()), [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      std::fill(pairs.row(row) + std::max<Index>(0, columns - 1), pairs.row(row) + stride, 0U);
      avx512_bf16::round_row_to_bf16(x.row(row), x.columns(), reinterpret_cast<std::uint16_t*>(pairs.row(row)));
    }
  });
  return pairs;
}
#endif

/// x [M, K] rounded to bf16 and widened again: the same numbers for products that multiply in f32.
inline TensorView<const float> rounded_to_bf16(const Compute& compute, TensorView<const float> x,
                                               Scratch::Frame& frame) {
  const auto rounded = frame.take<float>(Shape{x.rows(), x.columns()});
  parallel_for(compute.executor, x.rows(), row_grain(x.columns()), [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      HEADFORMER_ON_TARGET(compute.isa, round_through_bf16(x.row(row), x.columns(), rounded.row(row)));
    }
  });
  return rounded;
}

}  // namespace headformer::kernels::detail
