#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <vector>

#include "headformer/core/dtype.hpp"
#include "headformer/kernels/packed_matrix.hpp"
#include "headformer/kernels/quantization.hpp"
#include "kernels/row_kernels.hpp"

namespace headformer::testing {

inline constexpr std::array<DType, 16> packable_dtypes = {
    DType::f32,  DType::bf16, DType::f16,  DType::q4_0, DType::q4_1, DType::q5_0,   DType::q5_1,   DType::q8_0,
    DType::q2_k, DType::q3_k, DType::q4_k, DType::q5_k, DType::q6_k, DType::iq4_nl, DType::iq4_xs, DType::mxfp4};

/// A matrix [N, K] as a file holds it, and as f32.
struct EncodedMatrix {
  DType dtype = DType::f32;
  Index outputs = 0;
  Index inputs = 0;
  std::vector<std::byte> bytes;
  std::vector<float> values;

  std::size_t row_size() const { return row_bytes(dtype, static_cast<std::size_t>(inputs)); }
  kernels::PackedMatrix pack(Executor& executor) const {
    return kernels::PackedMatrix::pack(executor, dtype, outputs, inputs, [&](Index row, std::byte*) {
      return bytes.data() + static_cast<std::size_t>(row) * row_size();
    });
  }
  /// The same numbers in f32.
  kernels::PackedMatrix pack_widened(Executor& executor) const {
    return kernels::PackedMatrix::pack(executor, DType::f32, outputs, inputs, [&](Index row, std::byte*) {
      return reinterpret_cast<const std::byte*>(values.data() + row * inputs);
    });
  }
};

/// Random bits: every code and every sub-scale occurs, scales of both signs, denormals and zeros among them.
inline EncodedMatrix random_matrix(DType dtype, Index outputs, Index inputs, unsigned seed) {
  EncodedMatrix matrix{dtype, outputs, inputs, {}, {}};
  std::mt19937 generator(seed);
  matrix.bytes.resize(matrix.row_size() * static_cast<std::size_t>(outputs));
  if (dtype == DType::f32) {
    const std::vector<float> values = random_values(static_cast<std::size_t>(outputs * inputs), seed);
    if (!values.empty()) std::memcpy(matrix.bytes.data(), values.data(), matrix.bytes.size());
  } else {
    // Without bit 6 a byte is never the upper half of a large or infinite f16 or bf16.
    for (std::byte& byte : matrix.bytes) byte = static_cast<std::byte>(generator() >> 8 & 0xbfU);
  }
  if (dtype == DType::mxfp4) {
    // The first byte of a block is its exponent, whose two smallest values are denormal scales.
    for (std::size_t i = 0; i < matrix.bytes.size(); i += block_bytes(dtype)) {
      matrix.bytes[i] = static_cast<std::byte>(generator() % 4 == 0 ? generator() % 3 : 110 + generator() % 20);
    }
  }
  matrix.values.resize(static_cast<std::size_t>(outputs * inputs));
  for (Index row = 0; row < outputs; ++row) {
    kernels::dequantise_row(dtype, matrix.bytes.data() + static_cast<std::size_t>(row) * matrix.row_size(), inputs,
                            matrix.values.data() + row * inputs);
  }
  return matrix;
}

}  // namespace headformer::testing
