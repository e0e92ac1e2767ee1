#include "headformer/kernels/softmax.hpp"

#include "row_kernels.hpp"

namespace headformer {
namespace {

TEST(Softmax, AgreesWithDoublePrecision) {
  SerialExecutor serial;
  for (const Isa isa : testing::machine_isas()) {
    for (const Index width : {1, 2, 5, 15, 16, 17, 64, 1000}) {
      constexpr Index rows = 3;
      const Index stride = width + 2;
      const std::vector<float> x = testing::random_values(static_cast<std::size_t>(rows * stride), 1, 5.0F);
      std::vector<float> y = x;
      kernels::softmax({serial, isa}, {y.data(), {rows, width}, stride});
      for (Index r = 0; r < rows; ++r) {
        const float* row = x.data() + r * stride;
        double maximum = row[0];
        double total = 0.0;
        for (Index i = 0; i < width; ++i) maximum = std::max<double>(maximum, row[i]);
        for (Index i = 0; i < width; ++i) total += std::exp(row[i] - maximum);
        for (Index i = 0; i < width; ++i) {
          const double expected = std::exp(row[i] - maximum) / total;
          EXPECT_NEAR(y[static_cast<std::size_t>(r * stride + i)], expected, 3e-6 * expected + 1e-12)
              << name_of(isa) << " width " << width;
        }
        EXPECT_EQ(y[static_cast<std::size_t>(r * stride + width)], row[width]) << "wrote past the row";
      }
    }
  }
}

TEST(Softmax, MinusInfinityWeighsNothingAndBitsDoNotDependOnCompany) {
  ThreadPool pool(2);
  SerialExecutor serial;
  for (const Isa isa : testing::machine_isas()) {
    std::vector<float> masked = testing::random_values(37, 2);
    masked[0] = masked[20] = masked[36] = -INFINITY;
    kernels::softmax({serial, isa}, {masked.data(), {1, 37}});
    EXPECT_EQ(masked[0], 0.0F);
    EXPECT_EQ(masked[20], 0.0F);
    EXPECT_EQ(masked[36], 0.0F);

    std::vector<float> together = testing::random_values(500 * 99, 3, 4.0F);
    std::vector<float> alone = together;
    kernels::softmax({pool, isa}, {together.data(), {500, 99}});
    for (Index r = 0; r < 500; ++r) kernels::softmax({serial, isa}, {alone.data() + r * 99, {1, 99}});
    EXPECT_TRUE(testing::same_bits(together, alone)) << name_of(isa);
  }
}

}  // namespace
}  // namespace headformer
