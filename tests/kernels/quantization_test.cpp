#include "headformer/kernels/quantization.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "headformer/formats/safetensors.hpp"

namespace headformer::kernels {
namespace {

Safetensors golden(const char* name) {
  return Safetensors::parse(Bytes::map(std::string(HEADFORMER_TESTS_DIR) + "/goldens/quantization/" + name));
}

std::string upper(DType dtype) {
  std::string name(name_of(dtype));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
  return name;
}

const DType block_types[] = {DType::q4_0,   DType::q4_1,   DType::q5_0, DType::q5_1, DType::q8_0,
                             DType::q2_k,   DType::q3_k,   DType::q4_k, DType::q5_k, DType::q6_k,
                             DType::iq4_nl, DType::iq4_xs, DType::mxfp4};
const DType quantisable[] = {DType::q4_0, DType::q4_1, DType::q5_0, DType::q5_1,
                             DType::q8_0, DType::q4_k, DType::q5_k, DType::q6_k};

std::vector<std::byte> quantised(DType dtype, const std::vector<float>& row) {
  std::vector<std::byte> bytes(row_bytes(dtype, row.size()));
  quantise_row(dtype, row.data(), static_cast<Index>(row.size()), bytes.data());
  return bytes;
}

std::vector<float> dequantised(DType dtype, const std::vector<std::byte>& bytes) {
  std::vector<float> row(bytes.size() / block_bytes(dtype) * block_length(dtype));
  dequantise_row(dtype, bytes.data(), static_cast<Index>(row.size()), row.data());
  return row;
}

/// Waves, with a plain part that is the same in all.
std::vector<float> example(std::size_t count) {
  std::vector<float> row(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto t = static_cast<float>(i);
    row[i] = 0.7F * std::sin(0.37F * t) + 0.4F * std::cos(1.9F * t + 0.2F);
  }
  return row;
}

std::string type_name(const testing::TestParamInfo<DType>& type) { return std::string(name_of(type.param)); }

class BlockTypes : public testing::TestWithParam<DType> {};

TEST_P(BlockTypes, DequantisesBitForBitAsTheGgufPackage) {
  const Safetensors file = golden("dequantise.safetensors");
  const TensorEntry* bytes = file.find(upper(GetParam()) + ".bytes");
  const TensorEntry* wanted = file.find(upper(GetParam()) + ".dequantised");
  ASSERT_NE(bytes, nullptr);
  ASSERT_NE(wanted, nullptr);
  const Index columns = wanted->shape[1];
  ASSERT_EQ(static_cast<std::size_t>(bytes->shape[1]), row_bytes(GetParam(), static_cast<std::size_t>(columns)));
  std::vector<float> row(static_cast<std::size_t>(columns));
  for (Index r = 0; r < wanted->shape[0]; ++r) {
    dequantise_row(GetParam(), bytes->bytes.data() + r * bytes->shape[1], columns, row.data());
    for (Index c = 0; c < columns; ++c) {
      float expected = 0;
      std::memcpy(&expected, wanted->bytes.data() + (r * columns + c) * Index{sizeof(float)}, sizeof expected);
      const float found = row[static_cast<std::size_t>(c)];
      ASSERT_EQ(std::memcmp(&found, &expected, sizeof found), 0)
          << "row " << r << " column " << c << ": expected " << expected << ", found " << found;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, BlockTypes, testing::ValuesIn(block_types), type_name);
INSTANTIATE_TEST_SUITE_P(Plain, BlockTypes, testing::Values(DType::f16, DType::bf16), type_name);

class QuantisableTypes : public testing::TestWithParam<DType> {};

TEST_P(QuantisableTypes, QuantisesToTheBytesOfTheReference) {
  const Safetensors file = golden("quantise.safetensors");
  const TensorEntry* source = file.find("quantise.source");
  const TensorEntry* wanted = file.find("quantise." + upper(GetParam()) + ".ggml");
  ASSERT_NE(source, nullptr);
  ASSERT_NE(wanted, nullptr);
  const Index columns = source->shape[1];
  std::vector<float> row(static_cast<std::size_t>(columns));
  for (Index r = 0; r < source->shape[0]; ++r) {
    std::memcpy(row.data(), source->bytes.data() + r * columns * Index{sizeof(float)}, row.size() * sizeof(float));
    const std::vector<std::byte> found = quantised(GetParam(), row);
    ASSERT_EQ(static_cast<Index>(found.size()), wanted->shape[1]);
    const std::byte* expected = wanted->bytes.data() + r * wanted->shape[1];
    const auto differing = std::mismatch(found.begin(), found.end(), expected);
    EXPECT_EQ(differing.first, found.end()) << "row " << r << ", first at byte " << differing.first - found.begin();
  }
}

TEST_P(QuantisableTypes, RefusesWhatIsNotFinite) {
  for (const float bad : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::quiet_NaN()}) {
    std::vector<float> row = example(512);
    row[300] = bad;
    try {
      quantised(GetParam(), row);
      FAIL() << "no error for " << bad;
    } catch (const ArgumentError& error) {
      EXPECT_NE(std::string(error.what()).find(name_of(GetParam())), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("element 300"), std::string::npos) << error.what();
    }
  }
}

TEST_P(QuantisableTypes, RefusesScalesPastF16) {
  std::vector<float> row = example(256);
  row[17] = 3e38F;
  row[18] = -3e38F;
  EXPECT_THROW(quantised(GetParam(), row), ArgumentError);
}

TEST_P(QuantisableTypes, KeepsZerosZero) {
  for (const float zero : {0.0F, -0.0F})
    for (const float value : dequantised(GetParam(), quantised(GetParam(), std::vector<float>(256, zero))))
      EXPECT_EQ(value, 0.0F);
}

TEST_P(QuantisableTypes, StaysWithinTheStepOfItsBits) {
  const std::vector<float> row = example(1024);
  const std::vector<float> back = dequantised(GetParam(), quantised(GetParam(), row));
  const bool eight_bits = GetParam() == DType::q8_0;
  const bool four_bits = GetParam() == DType::q4_0 || GetParam() == DType::q4_1 || GetParam() == DType::q4_k;
  const float step = eight_bits ? 2.2F / 255 : GetParam() == DType::q6_k ? 2.2F / 63 : 2.2F / (four_bits ? 15 : 31);
  for (std::size_t i = 0; i < row.size(); ++i) EXPECT_NEAR(back[i], row[i], step) << "element " << i;
}

TEST_P(QuantisableTypes, RowsDoNotDependOnTheirNeighbours) {
  const std::vector<float> row = example(1024);
  const std::vector<std::byte> whole = quantised(GetParam(), row);
  const std::vector<std::byte> last = quantised(GetParam(), std::vector<float>(row.begin() + 768, row.end()));
  EXPECT_TRUE(std::equal(last.begin(), last.end(), whole.end() - static_cast<Index>(last.size())));
}

INSTANTIATE_TEST_SUITE_P(All, QuantisableTypes, testing::ValuesIn(quantisable), type_name);

TEST(QuantiseRow, RoundsBf16AsTheGgufPackage) {
  const Safetensors file = golden("quantise.safetensors");
  const TensorEntry* source = file.find("quantise.source");
  const TensorEntry* wanted = file.find("quantise.BF16.gguf");
  ASSERT_NE(wanted, nullptr);
  std::vector<float> all(source->bytes.size() / sizeof(float));
  std::memcpy(all.data(), source->bytes.data(), all.size() * sizeof(float));
  const std::vector<std::byte> found = quantised(DType::bf16, all);
  EXPECT_TRUE(std::equal(found.begin(), found.end(), wanted->bytes.data()));
}

TEST(QuantiseRow, KeepsInfinityAndNanInPlainTypes) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
    const std::vector<float> back =
        dequantised(dtype, quantised(dtype, {infinity, -infinity, std::numeric_limits<float>::quiet_NaN(), 1.5F}));
    EXPECT_EQ(back[0], infinity);
    EXPECT_EQ(back[1], -infinity);
    EXPECT_TRUE(std::isnan(back[2]));
    EXPECT_EQ(back[3], 1.5F);
  }
}

TEST(QuantiseRow, RefusesOtherTypes) {
  const std::vector<float> row = example(256);
  std::vector<std::byte> out(2048);
  for (int i = 0; i <= static_cast<int>(DType::mxfp4); ++i) {
    const auto dtype = static_cast<DType>(i);
    if (can_quantise(dtype)) {
      EXPECT_NO_THROW(quantise_row(dtype, row.data(), 256, out.data()));
    } else {
      EXPECT_THROW(quantise_row(dtype, row.data(), 256, out.data()), ArgumentError) << name_of(dtype);
    }
  }
}

TEST(QuantiseRow, RefusesPartsOfABlock) {
  const std::vector<float> row = example(256);
  std::vector<std::byte> bytes(2048);
  std::vector<float> out(256);
  for (const DType dtype : block_types) {
    const auto part = static_cast<Index>(block_length(dtype)) / 2;
    EXPECT_THROW(dequantise_row(dtype, bytes.data(), part, out.data()), ArgumentError) << name_of(dtype);
    EXPECT_THROW(dequantise_row(dtype, bytes.data(), -1, out.data()), ArgumentError) << name_of(dtype);
    EXPECT_THROW(quantise_row(dtype, row.data(), part, bytes.data()), ArgumentError) << name_of(dtype);
    EXPECT_NO_THROW(dequantise_row(dtype, bytes.data(), 0, out.data()));
  }
}

template <class T>
std::vector<float> widened(DType dtype, const std::vector<T>& values) {
  // One byte further than any allocation begins: rows need no alignment.
  std::vector<std::byte> bytes(values.size() * sizeof(T) + 1);
  std::copy_n(reinterpret_cast<const std::byte*>(values.data()), bytes.size() - 1, bytes.begin() + 1);
  std::vector<float> out(values.size());
  dequantise_row(dtype, bytes.data() + 1, static_cast<Index>(out.size()), out.data());
  return out;
}

TEST(DequantiseRow, WidensPlainTypesAtAnyAddress) {
  using Floats = std::vector<float>;
  EXPECT_EQ(widened<float>(DType::f32, {1.25F, -3.0F}), (Floats{1.25F, -3.0F}));
  EXPECT_EQ(widened<double>(DType::f64, {0.1, -1e300}), (Floats{0.1F, -std::numeric_limits<float>::infinity()}));
  EXPECT_EQ(widened<std::int8_t>(DType::i8, {-128, 127}), (Floats{-128, 127}));
  EXPECT_EQ(widened<std::uint8_t>(DType::u8, {0, 255}), (Floats{0, 255}));
  EXPECT_EQ(widened<std::int16_t>(DType::i16, {-32768, 5}), (Floats{-32768, 5}));
  EXPECT_EQ(widened<std::int32_t>(DType::i32, {-7, 1 << 24}), (Floats{-7, 16777216}));
  EXPECT_EQ(widened<std::int64_t>(DType::i64, {-7, std::int64_t{1} << 40}), (Floats{-7, 0x1p40F}));
  EXPECT_EQ(widened<std::uint8_t>(DType::boolean, {0, 1, 255}), (Floats{0, 1, 1}));
  EXPECT_EQ(widened<std::uint8_t>(DType::f8_e4m3, {0x38, 0xc4, 0x7e, 0x01}), (Floats{1, -3, 448, 0x1p-9F}));
  EXPECT_EQ(widened<std::uint8_t>(DType::f8_e5m2, {0x3c, 0xc2, 0x7b, 0x01}), (Floats{1, -3, 57344, 0x1p-16F}));
}

TEST(DequantiseRow, ReadsBlocksAtAnyAddress) {
  const std::vector<float> row = example(512);
  for (const DType dtype : quantisable) {
    const std::vector<std::byte> bytes = quantised(dtype, row);
    std::vector<std::byte> shifted(bytes.size() + 1);
    std::copy(bytes.begin(), bytes.end(), shifted.begin() + 1);
    std::vector<float> out(row.size());
    dequantise_row(dtype, shifted.data() + 1, static_cast<Index>(out.size()), out.data());
    EXPECT_EQ(out, dequantised(dtype, bytes)) << name_of(dtype);
  }
}

/// No bits are forbidden: whatever a file holds gives some row.
TEST(DequantiseRow, AcceptsAnyBits) {
  std::uint32_t state = 1;
  for (const DType dtype : block_types) {
    std::vector<std::byte> bytes(block_bytes(dtype) * 64);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>((state = state * 1664525U + 1013904223U) >> 24);
    EXPECT_EQ(dequantised(dtype, bytes).size(), block_length(dtype) * 64);
  }
}

}  // namespace
}  // namespace headformer::kernels
