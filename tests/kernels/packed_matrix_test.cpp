#include "headformer/kernels/packed_matrix.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "kernels/packed_rows.hpp"

namespace headformer {
namespace {

using kernels::PackedMatrix;

class PackedMatrixOf : public ::testing::TestWithParam<DType> {};

INSTANTIATE_TEST_SUITE_P(EveryDType, PackedMatrixOf, ::testing::ValuesIn(testing::packable_dtypes),
                         [](const auto& test) { return std::string(name_of(test.param)); });

TEST_P(PackedMatrixOf, GivesEachRowBackBitForBit) {
  const auto block = static_cast<Index>(block_length(GetParam()));
  for (const Index outputs : {1, 33, 100}) {
    for (const Index inputs : {block, block * 3, block * 11}) {
      SCOPED_TRACE(to_string(Shape{outputs, inputs}));
      ThreadPool pool(2);
      const auto matrix = testing::random_matrix(GetParam(), outputs, inputs, 7);
      const PackedMatrix packed = matrix.pack(pool);
      std::vector<float> row(static_cast<std::size_t>(inputs));
      for (Index r = 0; r < outputs; ++r) {
        packed.row(r, row.data());
        ASSERT_EQ(std::memcmp(row.data(), matrix.values.data() + r * inputs, row.size() * sizeof(float)), 0)
            << "row " << r;
      }
    }
  }
}

TEST_P(PackedMatrixOf, ExpandsTheSameBitsForEveryIsa) {
  const Index inputs = 512;
  SerialExecutor executor;
  const auto matrix = testing::random_matrix(GetParam(), 48, inputs, 3);
  const PackedMatrix packed = matrix.pack(executor);
  const Index lanes = kernels::detail::panel_layout(GetParam()).outputs;
  std::vector<float> block(static_cast<std::size_t>(256 * lanes));
  for (const Isa isa : testing::machine_isas()) {
    SCOPED_TRACE(name_of(isa));
    HEADFORMER_ON_TARGET(isa, expand_panel(GetParam(), packed.panel(0), 256, 256, 0, lanes, block.data()));
    for (Index k = 0; k < 256; ++k) {
      for (Index lane = 0; lane < lanes; ++lane) {
        const float found = block[static_cast<std::size_t>(k * lanes + lane)];
        const float expected = matrix.values[static_cast<std::size_t>(lane * inputs + 256 + k)];
        ASSERT_EQ(std::bit_cast<std::uint32_t>(found), std::bit_cast<std::uint32_t>(expected))
            << "k " << 256 + k << " output " << lane << ": " << found << ", expected " << expected;
      }
    }
  }
}

TEST_P(PackedMatrixOf, TakesAboutTheFilesSize) {
  const std::size_t file = row_bytes(GetParam(), 4096) * 4800;
  const std::size_t packed = PackedMatrix::packed_bytes(GetParam(), 4800, 4096);
  EXPECT_GE(packed, file);
  EXPECT_LE(static_cast<double>(packed), static_cast<double>(file) * 1.04);
  SerialExecutor executor;
  EXPECT_EQ(testing::random_matrix(GetParam(), 50, 512, 1).pack(executor).bytes(),
            PackedMatrix::packed_bytes(GetParam(), 50, 512));
}

TEST(PackedMatrix, TakesRowsFromTheCallersBuffer) {
  SerialExecutor executor;
  const auto matrix = testing::random_matrix(DType::f32, 70, 5, 2);
  const PackedMatrix packed = PackedMatrix::pack(executor, DType::f32, 70, 5, [&](Index row, std::byte* buffer) {
    std::memcpy(buffer, matrix.values.data() + row * 5, 20);
    return static_cast<const std::byte*>(buffer);
  });
  float row[5];
  packed.row(69, row);
  EXPECT_EQ(std::memcmp(row, matrix.values.data() + 69 * 5, sizeof row), 0);
}

TEST(PackedMatrix, CopiesShareStorage) {
  SerialExecutor executor;
  const PackedMatrix packed = testing::random_matrix(DType::q4_0, 3, 32, 2).pack(executor);
  const PackedMatrix copy = packed;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(copy.panel(0), packed.panel(0));
}

TEST(PackedMatrix, LargeOnesAreWritableToTheLastByteAndAligned) {
  SerialExecutor executor;
  const auto matrix = testing::random_matrix(DType::f16, 1000, 1300, 2);
  const PackedMatrix packed = matrix.pack(executor);
  EXPECT_GT(packed.bytes(), std::size_t{2} << 20);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(packed.panel(0)) % 64, 0U);
  std::vector<float> row(1300);
  packed.row(999, row.data());
  EXPECT_EQ(std::memcmp(row.data(), matrix.values.data() + 999 * 1300, row.size() * sizeof(float)), 0);
}

TEST(PackedMatrix, RefusesWhatItCannotPack) {
  EXPECT_THROW(PackedMatrix::packed_bytes(DType::i64, 4, 32), ArgumentError);
  EXPECT_THROW(PackedMatrix::packed_bytes(DType::q4_k, 4, 128), ArgumentError);
  EXPECT_THROW(PackedMatrix::packed_bytes(DType::f32, -1, 128), ArgumentError);
  EXPECT_EQ(PackedMatrix::packed_bytes(DType::f32, 0, 128), 0U);
  SerialExecutor executor;
  const PackedMatrix packed = testing::random_matrix(DType::f32, 2, 3, 1).pack(executor);
  float row[3];
  EXPECT_THROW(packed.row(2, row), ArgumentError);
  EXPECT_THROW(packed.row(-1, row), ArgumentError);
}

TEST(PackedMatrix, PassesOnWhatTheRowSourceThrows) {
  ThreadPool pool(2);
  EXPECT_THROW(PackedMatrix::pack(pool, DType::f32, 200, 8,
                                  [](Index, std::byte*) -> const std::byte* { throw std::runtime_error("gone"); }),
               std::runtime_error);
}

}  // namespace
}  // namespace headformer
