#pragma once

#include <cstddef>

#include "headformer/core/executor.hpp"
#include "headformer/core/scratch.hpp"
#include "headformer/kernels/targets.hpp"

namespace headformer::kernels::detail {

/// Inputs a record holds; weights' super-blocks begin where records do.
inline constexpr Index record_inputs = 256;
/// Inputs that share a scale.
inline constexpr Index int8_block = 32;

/// Activations as int8: x is about code * scale with a scale for each 32, whatever the weights' format. (Output error
/// of a product, rms: 1.2 % with outlier channels; one scale a 256 has 2.5 %, one a row 3.6 %.)
///
/// A row is cut into records of 256 inputs. A record holds what a product needs beside the codes, so that a tile of
/// rows reads one stream:
///   int8 code[256], f32 scale[8], int32 minus_sum[n], f32 scaled_sum[n]
/// for the n = 8 or 16 sub-blocks of 32 or 16 inputs: minus the sum of their codes, which undoes the offset of unsigned
/// weights, and that sum times the scale, which meets the weights' minima. All rows of the first record come first, so
/// that a panel's block of weights meets them one after another.
struct Int8Layout {
  Index sub_block = 32;

  constexpr Index sub_blocks() const { return record_inputs / sub_block; }
  static constexpr Index scales() { return record_inputs; }
  static constexpr Index minus_sums() { return scales() + record_inputs / int8_block * 4; }
  constexpr Index scaled_sums() const { return minus_sums() + sub_blocks() * 4; }
  /// Bytes of a record, in whole cache lines.
  constexpr Index record_bytes() const { return (scaled_sums() + sub_blocks() * 4 + 63) / 64 * 64; }
  static constexpr Index records(Index inputs) { return (inputs + record_inputs - 1) / record_inputs; }
};

/// Rows in that form. Not owned.
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
