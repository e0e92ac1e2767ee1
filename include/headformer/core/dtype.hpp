#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace headformer {

/// How a tensor's elements are stored. The plain types come first; the f8 types can be read, never computed in. From
/// q4_0 on the types are block-quantised: rows are split into blocks of block_length(dtype) elements that share scales
/// (layouts: https://github.com/ggml-org/ggml, as GGUF files hold them).
enum class DType : std::uint8_t {
  f32,
  f16,
  bf16,
  i8,
  u8,
  i16,
  i32,
  i64,
  f64,
  boolean,
  f8_e4m3,
  f8_e5m2,
  q4_0,
  q4_1,
  q5_0,
  q5_1,
  q8_0,
  q2_k,
  q3_k,
  q4_k,
  q5_k,
  q6_k,
  iq4_nl,
  iq4_xs,
  mxfp4
};

namespace detail {
struct DTypeInfo {
  std::string_view name;
  std::size_t block_length;  // elements
  std::size_t block_bytes;
};
inline constexpr DTypeInfo dtype_table[] = {
    {"f32", 1, 4},      {"f16", 1, 2},      {"bf16", 1, 2},     {"i8", 1, 1},         {"u8", 1, 1},
    {"i16", 1, 2},      {"i32", 1, 4},      {"i64", 1, 8},      {"f64", 1, 8},        {"bool", 1, 1},
    {"f8_e4m3", 1, 1},  {"f8_e5m2", 1, 1},  {"q4_0", 32, 18},   {"q4_1", 32, 20},     {"q5_0", 32, 22},
    {"q5_1", 32, 24},   {"q8_0", 32, 34},   {"q2_k", 256, 84},  {"q3_k", 256, 110},   {"q4_k", 256, 144},
    {"q5_k", 256, 176}, {"q6_k", 256, 210}, {"iq4_nl", 32, 18}, {"iq4_xs", 256, 136}, {"mxfp4", 32, 17}};
}  // namespace detail

constexpr std::string_view name_of(DType dtype) { return detail::dtype_table[static_cast<std::size_t>(dtype)].name; }
/// Elements that share a block; 1 for plain types. A row's length must be a multiple of it.
constexpr std::size_t block_length(DType dtype) {
  return detail::dtype_table[static_cast<std::size_t>(dtype)].block_length;
}
/// Bytes a block (of a plain type: an element).
constexpr std::size_t block_bytes(DType dtype) {
  return detail::dtype_table[static_cast<std::size_t>(dtype)].block_bytes;
}
constexpr bool is_quantised(DType dtype) { return dtype >= DType::q4_0; }
/// Bytes a row of `count` elements, a multiple of block_length(dtype).
constexpr std::size_t row_bytes(DType dtype, std::size_t count) {
  return count / block_length(dtype) * block_bytes(dtype);
}

/// bf16: the upper half of an f32.
struct bfloat16 {
  std::uint16_t bits = 0;

  bfloat16() = default;
  /// Rounds to nearest, ties to even; a NaN stays a (quiet) NaN.
  explicit bfloat16(float value) {
    const auto word = std::bit_cast<std::uint32_t>(value);
    if ((word & 0x7fffffffU) > 0x7f800000U) {
      bits = static_cast<std::uint16_t>((word >> 16) | 0x40U);
    } else {
      bits = static_cast<std::uint16_t>((word + 0x7fffU + ((word >> 16) & 1U)) >> 16);
    }
  }
  explicit operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
};

/// IEEE 754 binary16.
struct float16 {
  std::uint16_t bits = 0;

  float16() = default;
  /// Rounds to nearest, ties to even; overflow becomes infinity; a NaN stays a (quiet) NaN.
  explicit float16(float value) {
    const auto word = std::bit_cast<std::uint32_t>(value);
    const auto sign = static_cast<std::uint16_t>((word >> 16) & 0x8000U);
    const std::uint32_t magnitude = word & 0x7fffffffU;
    if (magnitude > 0x7f800000U) {  // NaN
      bits = static_cast<std::uint16_t>(sign | 0x7e00U | ((magnitude >> 13) & 0x3ffU));
    } else if (magnitude >= 0x477ff000U) {  // rounds to 65536 or more
      bits = static_cast<std::uint16_t>(sign | 0x7c00U);
    } else if (magnitude < 0x38800000U) {  // a denormal: adding 0.5 lines the bits up and rounds in hardware
      const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
      bits = static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3f000000U));
    } else {
      bits = static_cast<std::uint16_t>(sign | ((magnitude - 0x38000000U + 0xfffU + ((magnitude >> 13) & 1U)) >> 13));
    }
  }
  explicit operator float() const {
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16;
    const std::uint32_t exponent = (bits >> 10) & 0x1fU;
    const std::uint32_t mantissa = bits & 0x3ffU;
    if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000U | (mantissa << 13));
    if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112U) << 23) | (mantissa << 13));
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24F;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
  }
};

namespace detail {

/// f8_e4m3 (the "fn" variant of safetensors: no infinities, 0x7f and 0xff are NaN).
inline float f8_e4m3_to_float(std::uint8_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x80U) << 24;
  const std::uint32_t exponent = (bits >> 3) & 0xfU;
  const std::uint32_t mantissa = bits & 7U;
  if (exponent == 15 && mantissa == 7) return std::bit_cast<float>(sign | 0x7fc00000U);
  if (exponent == 0) {
    const float magnitude = static_cast<float>(mantissa) * 0x1p-9F;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
  }
  return std::bit_cast<float>(sign | ((exponent + 120U) << 23) | (mantissa << 20));
}

/// f8_e5m2: the upper half of an f16.
inline float f8_e5m2_to_float(std::uint8_t bits) {
  float16 half;
  half.bits = static_cast<std::uint16_t>(bits << 8);
  return static_cast<float>(half);
}

}  // namespace detail

/// The DType of a C++ element type.
template <class T>
constexpr DType dtype_of() {
  using U = std::remove_cv_t<T>;
  if constexpr (std::is_same_v<U, float>) {
    return DType::f32;
  } else if constexpr (std::is_same_v<U, float16>) {
    return DType::f16;
  } else if constexpr (std::is_same_v<U, bfloat16>) {
    return DType::bf16;
  } else if constexpr (std::is_same_v<U, std::int8_t>) {
    return DType::i8;
  } else if constexpr (std::is_same_v<U, std::uint8_t>) {
    return DType::u8;
  } else if constexpr (std::is_same_v<U, std::int16_t>) {
    return DType::i16;
  } else if constexpr (std::is_same_v<U, std::int32_t>) {
    return DType::i32;
  } else if constexpr (std::is_same_v<U, double>) {
    return DType::f64;
  } else if constexpr (std::is_same_v<U, bool>) {
    return DType::boolean;
  } else {
    static_assert(std::is_same_v<U, std::int64_t>, "headformer: no DType for this element type");
    return DType::i64;
  }
}

}  // namespace headformer
