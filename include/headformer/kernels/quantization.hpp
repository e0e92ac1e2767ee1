#pragma once

#include <cstddef>

#include "headformer/core/dtype.hpp"
#include "headformer/core/tensor.hpp"

namespace headformer::kernels {

/// Widens a row of any dtype to f32. Quantised rows give, bit for bit, what the formats define: each product and each
/// difference rounded to f32 (as the gguf package's dequantize does). f64 and i64 are rounded to the nearest f32.
///
/// Shapes: row row_bytes(dtype, count) bytes at any address, out [count]. Throws ArgumentError unless count is a
/// multiple of block_length(dtype). Source: the layouts of https://github.com/ggml-org/ggml, described in
/// quantization/.
void dequantise_row(DType dtype, const std::byte* row, Index count, float* out);

/// Whether quantise_row() writes this dtype.
constexpr bool can_quantise(DType dtype) {
  switch (dtype) {
    case DType::f32:
    case DType::f16:
    case DType::bf16:
    case DType::q4_0:
    case DType::q4_1:
    case DType::q5_0:
    case DType::q5_1:
    case DType::q8_0:
    case DType::q4_k:
    case DType::q5_k:
    case DType::q6_k:
      return true;
    default:
      return false;
  }
}

/// Rounds a row to another dtype as the format's reference does (ggml's quantize_row_*_ref, no importance matrix):
/// equal bytes, whatever the compiler's flags. f16 and bf16 round to nearest, ties to even, and keep infinities and
/// NaN.
///
/// Shapes: row [count], out row_bytes(dtype, count) bytes at any address. Throws ArgumentError for a dtype that
/// can_quantise() denies, unless count is a multiple of block_length(dtype), and, for the quantised dtypes, for values
/// that are not finite or too large for the format (what `out` holds is then unspecified).
void quantise_row(DType dtype, const float* row, Index count, std::byte* out);

}  // namespace headformer::kernels

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/kernels/quantization-inl.hpp"
#endif
