#include "headformer/core/dtype.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

namespace headformer {
namespace {

/// The value of a binary floating-point number, from the definition; not for the largest exponent.
double decode(std::uint32_t bits, int exponent_bits, int mantissa_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = static_cast<int>(bits >> mantissa_bits) & ((1 << exponent_bits) - 1);
  const double mantissa = static_cast<double>(bits & ((1U << mantissa_bits) - 1));
  const double sign = (bits >> (exponent_bits + mantissa_bits)) & 1U ? -1.0 : 1.0;
  if (exponent == 0) return sign * std::ldexp(mantissa, 1 - bias - mantissa_bits);
  return sign * std::ldexp(std::ldexp(1.0, mantissa_bits) + mantissa, exponent - bias - mantissa_bits);
}

bool same_bits(float a, float b) { return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b); }

template <class Half>
Half from_bits(std::uint32_t bits) {
  Half half;
  half.bits = static_cast<std::uint16_t>(bits);
  return half;
}

template <class Half>
constexpr int exponent_bits = std::is_same_v<Half, float16> ? 5 : 8;
template <class Half>
constexpr int mantissa_bits = 15 - exponent_bits<Half>;
template <class Half>
constexpr std::uint32_t infinity_bits = ((1U << exponent_bits<Half>)-1) << mantissa_bits<Half>;
template <class Half>
constexpr std::uint32_t quiet_bit = 1U << (mantissa_bits<Half> - 1);

template <class Half>
class HalfPrecision : public testing::Test {};
using HalfTypes = testing::Types<float16, bfloat16>;
TYPED_TEST_SUITE(HalfPrecision, HalfTypes);

TYPED_TEST(HalfPrecision, EveryValueWidensExactly) {
  for (std::uint32_t bits = 0; bits < 0x10000U; ++bits) {
    const auto value = static_cast<float>(from_bits<TypeParam>(bits));
    const std::uint32_t magnitude = bits & 0x7fffU;
    if (magnitude > infinity_bits<TypeParam>) {
      ASSERT_TRUE(std::isnan(value)) << bits;
    } else if (magnitude == infinity_bits<TypeParam>) {
      ASSERT_TRUE(std::isinf(value)) << bits;
    } else {
      ASSERT_EQ(static_cast<double>(value), decode(bits, exponent_bits<TypeParam>, mantissa_bits<TypeParam>)) << bits;
    }
    ASSERT_EQ(std::signbit(value), (bits & 0x8000U) != 0) << bits;
  }
}

TYPED_TEST(HalfPrecision, EveryValueComesBack) {
  for (std::uint32_t bits = 0; bits < 0x10000U; ++bits) {
    const TypeParam back(static_cast<float>(from_bits<TypeParam>(bits)));
    const bool nan = (bits & 0x7fffU) > infinity_bits<TypeParam>;
    // A signalling NaN may come back as the quiet one of the same payload.
    ASSERT_EQ(back.bits, nan ? bits | quiet_bit<TypeParam> : bits) << bits;
  }
}

TYPED_TEST(HalfPrecision, RoundsToNearestTiesToEven) {
  for (std::uint32_t bits = 0; bits < infinity_bits<TypeParam>; ++bits) {
    const auto below = static_cast<double>(static_cast<float>(from_bits<TypeParam>(bits)));
    // Past the largest finite value the next step is the power of two where infinity begins.
    const double above = bits + 1 == infinity_bits<TypeParam>
                             ? std::ldexp(1.0, 1 << (exponent_bits<TypeParam> - 1))
                             : static_cast<double>(static_cast<float>(from_bits<TypeParam>(bits + 1)));
    const auto middle = static_cast<float>((below + above) / 2);
    ASSERT_EQ(static_cast<double>(middle), (below + above) / 2) << "the midpoint is an f32 exactly";
    const float before = std::nextafter(middle, 0.0F);
    const float after = std::nextafter(middle, std::numeric_limits<float>::infinity());
    const std::uint32_t even = bits % 2 == 0 ? bits : bits + 1;
    ASSERT_EQ(TypeParam(middle).bits, even) << bits;
    ASSERT_EQ(TypeParam(before).bits, bits) << bits;
    ASSERT_EQ(TypeParam(after).bits, bits + 1) << bits;
    ASSERT_EQ(TypeParam(-middle).bits, even | 0x8000U) << bits;
    ASSERT_EQ(TypeParam(-before).bits, bits | 0x8000U) << bits;
    ASSERT_EQ(TypeParam(-after).bits, (bits + 1) | 0x8000U) << bits;
  }
}

TYPED_TEST(HalfPrecision, AnyFloatGoesToTheNearest) {
  std::mt19937 random(1);
  for (int i = 0; i < 1'000'000; ++i) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    const TypeParam half(value);
    if (std::isnan(value)) {
      ASSERT_TRUE(std::isnan(static_cast<float>(half)));
      continue;
    }
    if ((half.bits & 0x7fffU) == infinity_bits<TypeParam>) {
      const double limit = std::ldexp(1.0, 1 << (exponent_bits<TypeParam> - 1));
      const auto largest = static_cast<double>(static_cast<float>(from_bits<TypeParam>(infinity_bits<TypeParam> - 1)));
      ASSERT_GE(std::abs(static_cast<double>(value)), (limit + largest) / 2) << value;
      continue;
    }
    const double error = std::abs(static_cast<double>(static_cast<float>(half)) - static_cast<double>(value));
    for (const int step : {-1, 1}) {
      const std::uint32_t neighbour = half.bits + static_cast<std::uint32_t>(step);
      if ((half.bits & 0x7fffU) == 0 && step < 0) continue;
      if ((neighbour & 0x7fffU) >= infinity_bits<TypeParam>) continue;
      const double other = std::abs(static_cast<double>(static_cast<float>(from_bits<TypeParam>(neighbour))) -
                                    static_cast<double>(value));
      ASSERT_LE(error, other) << value;
    }
  }
}

TYPED_TEST(HalfPrecision, SpecialValues) {
  EXPECT_EQ(TypeParam().bits, 0);
  EXPECT_EQ(TypeParam(0.0F).bits, 0x0000U);
  EXPECT_EQ(TypeParam(-0.0F).bits, 0x8000U);
  EXPECT_EQ(TypeParam(std::numeric_limits<float>::infinity()).bits, infinity_bits<TypeParam>);
  EXPECT_EQ(TypeParam(-std::numeric_limits<float>::infinity()).bits, infinity_bits<TypeParam> | 0x8000U);
  EXPECT_EQ(TypeParam(std::numeric_limits<float>::max()).bits, infinity_bits<TypeParam>);
  for (const std::uint32_t nan : {0x7f800001U, 0xff800001U, 0x7fc00000U, 0x7fffffffU, 0xffffffffU, 0x7fbfffffU}) {
    const auto value = std::bit_cast<float>(nan);
    const TypeParam half(value);
    EXPECT_TRUE(std::isnan(static_cast<float>(half))) << nan;
    EXPECT_NE(half.bits & quiet_bit<TypeParam>, 0U) << nan;
    EXPECT_EQ(half.bits >> 15, nan >> 31) << nan;
  }
}

TEST(Float16, KnownValues) {
  EXPECT_EQ(float16(1.0F).bits, 0x3c00U);
  EXPECT_EQ(float16(-2.0F).bits, 0xc000U);
  EXPECT_EQ(float16(65504.0F).bits, 0x7bffU);
  EXPECT_EQ(float16(65519.996F).bits, 0x7bffU);
  EXPECT_EQ(float16(65520.0F).bits, 0x7c00U);
  EXPECT_EQ(float16(0x1p-24F).bits, 0x0001U);
  EXPECT_EQ(float16(0x1p-25F).bits, 0x0000U) << "a tie goes to even";
  EXPECT_EQ(float16(0x1.000002p-25F).bits, 0x0001U);
  EXPECT_EQ(float16(0x1p-14F).bits, 0x0400U);
}

TEST(Bfloat16, KnownValues) {
  EXPECT_EQ(bfloat16(1.0F).bits, 0x3f80U);
  EXPECT_EQ(bfloat16(-2.0F).bits, 0xc000U);
  EXPECT_EQ(bfloat16(3.1415927F).bits, 0x4049U);
  EXPECT_EQ(bfloat16(std::bit_cast<float>(0x00000001U)).bits, 0x0000U) << "f32 denormals round too";
  EXPECT_EQ(bfloat16(std::bit_cast<float>(0x00018000U)).bits, 0x0002U);
}

TEST(Float8, E4m3EveryValue) {
  for (std::uint32_t bits = 0; bits < 256; ++bits) {
    const float value = detail::f8_e4m3_to_float(static_cast<std::uint8_t>(bits));
    if ((bits & 0x7fU) == 0x7fU) {
      EXPECT_TRUE(std::isnan(value)) << bits;
    } else {
      EXPECT_EQ(static_cast<double>(value), decode(bits, 4, 3)) << bits;
    }
    EXPECT_EQ(std::signbit(value), bits >= 128) << bits;
  }
  EXPECT_EQ(detail::f8_e4m3_to_float(0x7e), 448.0F);
  EXPECT_EQ(detail::f8_e4m3_to_float(0x01), 0x1p-9F);
  EXPECT_TRUE(same_bits(detail::f8_e4m3_to_float(0x80), -0.0F));
}

TEST(Float8, E5m2EveryValue) {
  for (std::uint32_t bits = 0; bits < 256; ++bits) {
    const float value = detail::f8_e5m2_to_float(static_cast<std::uint8_t>(bits));
    if ((bits & 0x7fU) > 0x7cU) {
      EXPECT_TRUE(std::isnan(value)) << bits;
    } else if ((bits & 0x7fU) == 0x7cU) {
      EXPECT_TRUE(std::isinf(value)) << bits;
    } else {
      EXPECT_EQ(static_cast<double>(value), decode(bits, 5, 2)) << bits;
    }
    EXPECT_EQ(std::signbit(value), bits >= 128) << bits;
  }
  EXPECT_EQ(detail::f8_e5m2_to_float(0x7b), 57344.0F);
  EXPECT_EQ(detail::f8_e5m2_to_float(0x01), 0x1p-16F);
}

TEST(DType, NamesAndSizes) {
  EXPECT_EQ(name_of(DType::f32), "f32");
  EXPECT_EQ(name_of(DType::boolean), "bool");
  EXPECT_EQ(name_of(DType::q4_0), "q4_0");
  EXPECT_EQ(name_of(DType::iq4_xs), "iq4_xs");
  EXPECT_EQ(name_of(DType::mxfp4), "mxfp4");
  EXPECT_EQ(block_bytes(DType::f64), 8U);
  EXPECT_EQ(block_length(DType::bf16), 1U);
  EXPECT_EQ(row_bytes(DType::f16, 10), 20U);
  EXPECT_EQ(row_bytes(DType::q8_0, 64), 68U);
  EXPECT_EQ(row_bytes(DType::q4_k, 512), 288U);
  EXPECT_EQ(row_bytes(DType::q6_k, 256), 210U);
  EXPECT_EQ(row_bytes(DType::mxfp4, 32), 17U);
  for (int i = 0; i <= static_cast<int>(DType::mxfp4); ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_FALSE(name_of(dtype).empty());
    EXPECT_EQ(is_quantised(dtype), block_length(dtype) > 1) << name_of(dtype);
  }
}

TEST(DType, OfElementTypes) {
  static_assert(dtype_of<float>() == DType::f32);
  static_assert(dtype_of<const float>() == DType::f32);
  static_assert(dtype_of<float16>() == DType::f16);
  static_assert(dtype_of<bfloat16>() == DType::bf16);
  static_assert(dtype_of<std::int8_t>() == DType::i8);
  static_assert(dtype_of<std::uint8_t>() == DType::u8);
  static_assert(dtype_of<std::int16_t>() == DType::i16);
  static_assert(dtype_of<std::int32_t>() == DType::i32);
  static_assert(dtype_of<std::int64_t>() == DType::i64);
  static_assert(dtype_of<double>() == DType::f64);
  static_assert(dtype_of<bool>() == DType::boolean);
  static_assert(sizeof(float16) == 2 && sizeof(bfloat16) == 2);
}

}  // namespace
}  // namespace headformer
