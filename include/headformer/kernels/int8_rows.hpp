#pragma once

#include <cstddef>

#include "headformer/core/executor.hpp"
#include "headformer/core/scratch.hpp"
#include "headformer/kernels/int8_layout.hpp"
#include "headformer/kernels/targets.hpp"

namespace headformer::kernels::detail {

/// Rows as int8. Not owned.
struct Int8Rows {
  Int8Layout layout;
  Index rows = 0;
  std::byte* data = nullptr;

  std::byte* record(Index row, Index index) const { return data + (index * rows + row) * layout.record_bytes(); }
};

}  // namespace headformer::kernels::detail

#define HEADFORMER_BODY "headformer/kernels/bodies/int8_rows.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY

namespace headformer::kernels::detail {

/// x [M, K] as int8, K a multiple of 32. The memory comes from the frame.
inline Int8Rows quantise_rows(const Compute& compute, TensorView<const float> x, Index sub_block,
                              Scratch::Frame& frame) {
  Int8Rows result;
  result.layout.sub_block = sub_block;
  result.rows = x.rows();
  const Index records = Int8Layout::records(x.columns());
  result.data = frame.take<std::byte>(Shape{records, x.rows(), result.layout.record_bytes()}).data();
  // A thread quantises some 8,000 inputs in the time it takes to wake another.
  parallel_for(compute.executor, x.rows(), std::max<Index>(1, 16384 / std::max<Index>(1, x.columns())),
               [&](Index begin, Index end) {
                 for (Index row = begin; row < end; ++row) {
                   HEADFORMER_ON_TARGET(compute.isa,
                                        quantise_to_int8(x.row(row), x.columns(), result.record(row, 0),
                                                         result.record(row, 1) - result.record(row, 0), result.layout));
                 }
               });
  return result;
}

}  // namespace headformer::kernels::detail
