#include "headformer/kernels/elementwise.hpp"

#include "row_kernels.hpp"

namespace headformer {
namespace {

TEST(Elementwise, SumsScalesAndCaps) {
  SerialExecutor serial;
  for (const Isa isa : testing::machine_isas()) {
    const Compute compute{serial, isa};
    for (const Index columns : {1, 7, 16, 33, 64}) {
      const auto count = static_cast<std::size_t>(4 * columns);
      const std::vector<float> x = testing::random_values(count, 5, 20.0F);
      const std::vector<float> start = testing::random_values(count, 6, 20.0F);
      const auto run = [&](auto&& operation) {
        std::vector<float> y = start;
        operation(TensorView<float>(y.data(), {4, columns}));
        return y;
      };
      const TensorView<const float> right(x.data(), {4, columns});
      const auto sums = run([&](TensorView<float> y) { kernels::add(compute, y, right); });
      const auto products = run([&](TensorView<float> y) { kernels::multiply(compute, y, right); });
      const auto scaled_sums = run([&](TensorView<float> y) { kernels::add_scaled(compute, y, right, 0.3F); });
      const auto scaled = run([&](TensorView<float> y) { kernels::scale(compute, y, 0.7F); });
      const auto capped = run([&](TensorView<float> y) { kernels::soft_cap(compute, y, 30.0F); });
      for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(sums[i], start[i] + x[i]);
        EXPECT_EQ(products[i], start[i] * x[i]);
        EXPECT_NEAR(scaled_sums[i], start[i] + 0.3F * x[i], 1e-5);
        EXPECT_EQ(scaled[i], start[i] * 0.7F);
        EXPECT_NEAR(capped[i], 30.0 * std::tanh(static_cast<double>(start[i]) / 30.0), 1e-5);
      }
    }
  }
}

TEST(Elementwise, ThreadsDoNotChangeBitsAndSizesAreChecked) {
  ThreadPool pool(3);
  SerialExecutor serial;
  const std::vector<float> start = testing::random_values(999 * 77, 8, 20.0F);
  std::vector<float> a = start;
  std::vector<float> b = start;
  kernels::soft_cap({pool}, {a.data(), {999, 77}}, 50.0F);
  kernels::soft_cap({serial}, {b.data(), {999, 77}}, 50.0F);
  EXPECT_TRUE(testing::same_bits(a, b));
  EXPECT_THROW(kernels::add({serial}, {a.data(), {3, 4}}, {b.data(), {4, 3}}), ArgumentError);
}

}  // namespace
}  // namespace headformer
