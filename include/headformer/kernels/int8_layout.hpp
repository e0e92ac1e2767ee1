#pragma once

#include "headformer/core/tensor.hpp"

namespace headformer::kernels::detail {

/// Inputs a record holds; weights' super-blocks begin where records do.
inline constexpr Index record_inputs = 512;
/// Inputs that share a scale.
inline constexpr Index int8_block = 32;

/// Activations as int8: x is about code * scale with a scale for each 32, whatever the weights' format. (Output error
/// of a product, rms: 1.2 % with outlier channels; one scale a 256 has 2.5 %, one a row 3.6 %.)
///
/// A row is cut into records of 512 inputs. A record holds what a product needs beside the codes, so that a tile of
/// rows reads one stream:
///   int8 code[512], f32 scale[16], int32 undo[n], f32 scaled_sum[n]
/// for the n = 16 or 32 sub-blocks of 32 or 16 inputs: -128 times the sum of their codes, which undoes the bias of
/// weights made unsigned by adding 128, and that sum times the scale, which meets the weights' minima. All rows of the
/// first record come first, so that a panel's block of weights meets them one after another.
struct Int8Layout {
  Index sub_block = 32;

  constexpr Index sub_blocks() const { return record_inputs / sub_block; }
  static constexpr Index scales() { return record_inputs; }
  static constexpr Index undo() { return scales() + record_inputs / int8_block * 4; }
  constexpr Index scaled_sums() const { return undo() + sub_blocks() * 4; }
  /// Bytes of a record, in whole cache lines.
  constexpr Index record_bytes() const { return (scaled_sums() + sub_blocks() * 4 + 63) / 64 * 64; }
  static constexpr Index records(Index inputs) { return (inputs + record_inputs - 1) / record_inputs; }
};

}  // namespace headformer::kernels::detail
