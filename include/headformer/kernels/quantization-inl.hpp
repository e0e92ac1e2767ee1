#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include "headformer/core/compiled.hpp"
#include "headformer/core/dtype.hpp"
#include "headformer/core/error.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/kernels/quantization.hpp"
#include "headformer/kernels/quantization/bytes.hpp"
#include "headformer/kernels/quantization/dequantise_blocks.hpp"
#include "headformer/kernels/quantization/dequantise_super_blocks.hpp"
#include "headformer/kernels/quantization/quantise_blocks.hpp"
#include "headformer/kernels/quantization/quantise_super_blocks.hpp"

namespace headformer::kernels {

namespace quantization {

template <class T>
void widen(const std::byte* row, std::size_t count, float* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<float>(load<T>(row + i * sizeof(T)));
}

template <class Format>
void dequantise_blocks(DType dtype, const std::byte* row, std::size_t count, float* out) {
  const std::size_t length = block_length(dtype);
  for (std::size_t i = 0; i < count; i += length, row += block_bytes(dtype)) Format::dequantise(row, out + i);
}

template <class T>
void narrow(const float* row, std::size_t count, std::byte* out) {
  for (std::size_t i = 0; i < count; ++i) store(out + i * sizeof(T), T(row[i]));
}

/// Values past what any scale of any format reaches would overflow on the way to an infinite one.
inline void check_values(DType dtype, const float* row, std::size_t count) {
  constexpr float greatest = 65504.0F * 128.0F * 32.0F;  // Q6_K's: the largest f16, int8 and quant
  for (std::size_t i = 0; i < count; ++i)
    if (!(std::abs(row[i]) <= greatest))
      throw ArgumentError("quantise_row: expected finite values that " + std::string(name_of(dtype)) +
                          " can hold, found " + std::to_string(row[i]) + " at element " + std::to_string(i));
}

inline void check_count(const char* function, DType dtype, Index count) {
  if (count < 0 || static_cast<std::size_t>(count) % block_length(dtype) != 0)
    throw ArgumentError(std::string(function) + ": expected a multiple of " + std::to_string(block_length(dtype)) +
                        " elements for " + std::string(name_of(dtype)) + ", found " + std::to_string(count));
}

}  // namespace quantization

HEADFORMER_INLINE void dequantise_row(DType dtype, const std::byte* row, Index count, float* out) {
  namespace q = quantization;
  q::check_count("dequantise_row", dtype, count);
  const auto n = static_cast<std::size_t>(count);
  switch (dtype) {
    case DType::f32:
      return q::widen<float>(row, n, out);
    case DType::f16:
      return q::widen<float16>(row, n, out);
    case DType::bf16:
      return q::widen<bfloat16>(row, n, out);
    case DType::i8:
      return q::widen<std::int8_t>(row, n, out);
    case DType::u8:
      return q::widen<std::uint8_t>(row, n, out);
    case DType::i16:
      return q::widen<std::int16_t>(row, n, out);
    case DType::i32:
      return q::widen<std::int32_t>(row, n, out);
    case DType::i64:
      return q::widen<std::int64_t>(row, n, out);
    case DType::f64:
      return q::widen<double>(row, n, out);
    case DType::boolean:
      for (std::size_t i = 0; i < n; ++i) out[i] = row[i] == std::byte{0} ? 0.0F : 1.0F;
      return;
    case DType::f8_e4m3:
      for (std::size_t i = 0; i < n; ++i) out[i] = headformer::detail::f8_e4m3_to_float(q::load<std::uint8_t>(row + i));
      return;
    case DType::f8_e5m2:
      for (std::size_t i = 0; i < n; ++i) out[i] = headformer::detail::f8_e5m2_to_float(q::load<std::uint8_t>(row + i));
      return;
    case DType::q4_0:
      return q::dequantise_blocks<q::Q4_0>(dtype, row, n, out);
    case DType::q4_1:
      return q::dequantise_blocks<q::Q4_1>(dtype, row, n, out);
    case DType::q5_0:
      return q::dequantise_blocks<q::Q5_0>(dtype, row, n, out);
    case DType::q5_1:
      return q::dequantise_blocks<q::Q5_1>(dtype, row, n, out);
    case DType::q8_0:
      return q::dequantise_blocks<q::Q8_0>(dtype, row, n, out);
    case DType::q2_k:
      return q::dequantise_blocks<q::Q2K>(dtype, row, n, out);
    case DType::q3_k:
      return q::dequantise_blocks<q::Q3K>(dtype, row, n, out);
    case DType::q4_k:
      return q::dequantise_blocks<q::Q4K>(dtype, row, n, out);
    case DType::q5_k:
      return q::dequantise_blocks<q::Q5K>(dtype, row, n, out);
    case DType::q6_k:
      return q::dequantise_blocks<q::Q6K>(dtype, row, n, out);
    case DType::iq4_nl:
      return q::dequantise_blocks<q::Iq4Nl>(dtype, row, n, out);
    case DType::iq4_xs:
      return q::dequantise_blocks<q::Iq4Xs>(dtype, row, n, out);
    case DType::mxfp4:
      return q::dequantise_blocks<q::Mxfp4>(dtype, row, n, out);
  }
  throw ArgumentError("dequantise_row: unknown dtype");
}

HEADFORMER_INLINE void quantise_row(DType dtype, const float* row, Index count, std::byte* out) {
  namespace q = quantization;
  if (!can_quantise(dtype))
    throw ArgumentError(
        "quantise_row: expected f32, f16, bf16, q4_0, q4_1, q5_0, q5_1, q8_0, q4_k, q5_k or q6_k, found " +
        std::string(name_of(dtype)));
  q::check_count("quantise_row", dtype, count);
  const auto n = static_cast<std::size_t>(count);
  if (dtype == DType::f32) return q::narrow<float>(row, n, out);
  if (dtype == DType::f16) return q::narrow<float16>(row, n, out);
  if (dtype == DType::bf16) return q::narrow<bfloat16>(row, n, out);
  q::check_values(dtype, row, n);
  const std::size_t length = block_length(dtype);
  for (std::size_t i = 0; i < n; i += length, out += block_bytes(dtype)) {
    switch (dtype) {
      case DType::q4_0:
        q::quantise_q4_0(row + i, out);
        break;
      case DType::q4_1:
        q::quantise_q4_1(row + i, out);
        break;
      case DType::q5_0:
        q::quantise_q5_0(row + i, out);
        break;
      case DType::q5_1:
        q::quantise_q5_1(row + i, out);
        break;
      case DType::q8_0:
        q::quantise_q8_0(row + i, out);
        break;
      case DType::q4_k:
        q::quantise_q4_k(row + i, out);
        break;
      case DType::q5_k:
        q::quantise_q5_k(row + i, out);
        break;
      default:
        q::quantise_q6_k(row + i, out);
        break;
    }
  }
}

}  // namespace headformer::kernels
