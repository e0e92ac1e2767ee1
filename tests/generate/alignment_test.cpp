#include "headformer/generate/alignment.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace headformer::testing {
namespace {

TEST(MedianFilter, TakesTheMiddleOfMirroredNeighbours) {
  std::vector<float> values = {5, 1, 4, 2, 3};
  median_filter(values, 3);
  EXPECT_EQ(values, (std::vector<float>{1, 4, 2, 3, 2}));
  std::vector<float> wide = {5, 1, 4, 2, 3};
  median_filter(wide, 5);  // 4 1 5 1 4 2 3 2 4
  EXPECT_EQ(wide, (std::vector<float>{4, 2, 3, 2, 3}));
}

TEST(MedianFilter, LeavesTooFewAsTheyAre) {
  std::vector<float> values = {5, 1, 4};
  median_filter(values, 7);
  EXPECT_EQ(values, (std::vector<float>{5, 1, 4}));
}

TEST(MedianFilter, ANanIsTheGreatest) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> values = {nan, 1, nan, 2, 3};
  median_filter(values, 3);
  EXPECT_EQ(values[0], 1);
  EXPECT_TRUE(std::isnan(values[1]));
  EXPECT_EQ(values[2], 2);
}

/// The least sum over all ways from the first row and column to the last ones.
double cheapest(TensorView<const float> cost, Index i, Index j) {
  const double here = static_cast<double>(cost.row(i)[j]);
  if (i == 0 && j == 0) return here;
  double best = std::numeric_limits<double>::infinity();
  if (i > 0) best = std::min(best, cheapest(cost, i - 1, j));
  if (j > 0) best = std::min(best, cheapest(cost, i, j - 1));
  if (i > 0 && j > 0) best = std::min(best, cheapest(cost, i - 1, j - 1));
  return here + best;
}

/// The least sum over the ways that enter each row at these columns.
double cheapest_entering(TensorView<const float> cost, const std::vector<Index>& entered, Index i, Index j) {
  if (j < entered[static_cast<std::size_t>(i)]) return std::numeric_limits<double>::infinity();
  const double here = static_cast<double>(cost.row(i)[j]);
  if (i == 0 && j == 0) return here;
  double best = std::numeric_limits<double>::infinity();
  if (j > entered[static_cast<std::size_t>(i)]) {
    best = cheapest_entering(cost, entered, i, j - 1);
  } else if (i > 0) {
    best = cheapest_entering(cost, entered, i - 1, j);
    if (j > 0) best = std::min(best, cheapest_entering(cost, entered, i - 1, j - 1));
  }
  return here + best;
}

TEST(Warp, FindsTheCheapestWay) {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> uniform(0, 1);
  for (int trial = 0; trial < 20; ++trial) {
    Tensor<float> cost(Shape{3 + trial % 3, 6});
    for (Index i = 0; i < cost.count(); ++i) cost.data()[i] = uniform(random);
    const std::vector<Index> entered = warp(cost.view());
    ASSERT_EQ(entered.size(), static_cast<std::size_t>(cost.size(0)));
    EXPECT_EQ(entered.front(), 0);
    EXPECT_TRUE(std::is_sorted(entered.begin(), entered.end()));
    EXPECT_NEAR(cheapest_entering(cost.view(), entered, cost.size(0) - 1, 5),
                cheapest(cost.view(), cost.size(0) - 1, 5), 1e-5)
        << trial;
  }
}

TEST(Align, TokensAreWhereTheirHeadsLook) {
  // Three tokens look at frames 0 to 2, 3 to 6 and 7 to 9, in two heads.
  std::vector<Tensor<float>> heads;
  for (int h = 0; h < 2; ++h) {
    Tensor<float>& head = heads.emplace_back(Shape{3, 10});
    const Index from[] = {0, 3, 7, 10};
    for (Index r = 0; r < 3; ++r)
      for (Index c = 0; c < 10; ++c) head.view().row(r)[c] = c >= from[r] && c < from[r + 1] ? 0.25F : 0.02F;
  }
  EXPECT_EQ(align(heads, 1), (std::vector<Index>{0, 3, 7}));
  std::vector<Tensor<float>> nothing;
  nothing.emplace_back(Shape{2, 0});
  EXPECT_EQ(align(nothing, 7), (std::vector<Index>{-1, -1}));
}

}  // namespace
}  // namespace headformer::testing
