#include "headformer/core/tensor.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <new>
#include <numeric>
#include <type_traits>
#include <utility>
#include <vector>

#include "headformer/core/matrix.hpp"

namespace headformer {
namespace {

TEST(Shape, SizesAndCount) {
  const Shape scalar;
  EXPECT_EQ(scalar.rank(), 0);
  EXPECT_EQ(scalar.count(), 1);
  EXPECT_EQ(to_string(scalar), "[]");
  const Shape shape{2, 3, 4, 5, 6};
  EXPECT_EQ(shape.rank(), 5);
  EXPECT_EQ(shape.count(), 720);
  EXPECT_EQ(shape[4], 6);
  EXPECT_EQ(to_string(shape), "[2, 3, 4, 5, 6]");
  EXPECT_EQ(Shape({0, 7}).count(), 0);
}

TEST(Shape, Equality) {
  EXPECT_EQ(Shape({2, 3}), Shape({2, 3}));
  EXPECT_NE(Shape({2, 3}), Shape({3, 2}));
  EXPECT_NE(Shape({2, 3}), Shape({2, 3, 1}));
  EXPECT_NE(Shape({2}), Shape());
}

TEST(Shape, RefusesTheImpossible) {
  const Index big = Index{1} << 62;
  EXPECT_THROW(Shape({1, 1, 1, 1, 1, 1}), ArgumentError);
  EXPECT_THROW(Shape({2, -1}), ArgumentError);
  EXPECT_THROW(Shape({std::numeric_limits<Index>::min()}), ArgumentError);
  EXPECT_THROW(Shape({big, 2}), ArgumentError);
  EXPECT_THROW(Shape({Index{1} << 32, Index{1} << 32}), ArgumentError);
  EXPECT_THROW(Shape({0, big, 4}), ArgumentError) << "a zero must not hide an overflow further in";
  EXPECT_NO_THROW(Shape({0, big}));
}

TEST(TensorView, RowsColumnsAndSlices) {
  std::vector<int> data(24);
  std::iota(data.begin(), data.end(), 0);
  const TensorView<int> view(data.data(), {4, 6});
  EXPECT_EQ(view.rank(), 2);
  EXPECT_EQ(view.rows(), 4);
  EXPECT_EQ(view.columns(), 6);
  EXPECT_EQ(view.count(), 24);
  EXPECT_TRUE(view.contiguous());
  EXPECT_EQ(*view.row(2), 12);
  EXPECT_EQ(view.row_span(1).size(), 6U);
  EXPECT_EQ(view.row_span(1)[5], 11);

  const TensorView<int> rows = view.slice_rows(1, 3);
  EXPECT_EQ(rows.shape(), Shape({2, 6}));
  EXPECT_EQ(*rows.row(0), 6);
  EXPECT_TRUE(rows.contiguous());

  const TensorView<int> columns = view.slice_columns(2, 5);
  EXPECT_EQ(columns.shape(), Shape({4, 3}));
  EXPECT_FALSE(columns.contiguous());
  EXPECT_EQ(columns.row(3)[0], 20);
  EXPECT_EQ(columns.slice_rows(2, 4).row(1)[2], 22);
  EXPECT_EQ(columns.slice_columns(1, 2).row(1)[0], 9);
  EXPECT_TRUE(columns.slice_rows(0, 1).contiguous()) << "one row has no gap";
}

TEST(TensorView, HigherRanksAreMatricesOfTheirOutermostIndex) {
  std::vector<float> data(2 * 3 * 4);
  std::iota(data.begin(), data.end(), 0.0F);
  const TensorView<float> view(data.data(), {2, 3, 4});
  EXPECT_EQ(view.rows(), 2);
  EXPECT_EQ(view.columns(), 12);
  EXPECT_EQ(view.slice_rows(1, 2).shape(), Shape({1, 3, 4}));
  EXPECT_EQ(view.row(1)[11], 23.0F);
  const TensorView<float> scalar(data.data(), {});
  EXPECT_EQ(scalar.rows(), 1);
  EXPECT_EQ(scalar.columns(), 1);
  EXPECT_TRUE(scalar.contiguous());
  const TensorView<float> vector(data.data(), {5});
  EXPECT_EQ(vector.rows(), 5);
  EXPECT_EQ(vector.columns(), 1);
}

TEST(TensorView, IsAnEigenMatrixForFree) {
  std::vector<float> data(12);
  std::iota(data.begin(), data.end(), 0.0F);
  const TensorView<float> view(data.data(), {3, 4});
  auto columns = as_matrix(view.slice_columns(1, 3));
  EXPECT_EQ(columns.rows(), 3);
  EXPECT_EQ(columns.cols(), 2);
  EXPECT_EQ(columns(2, 1), 10.0F);
  columns.setZero();
  EXPECT_EQ(data, (std::vector<float>{0, 0, 0, 3, 4, 0, 0, 7, 8, 0, 0, 11}));
  const TensorView<const float> constant = view;
  EXPECT_EQ(as_matrix(constant).sum(), 33.0F);
  EXPECT_EQ(as_matrix(TensorView<float>(nullptr, {0, 4})).rows(), 0);
}

TEST(TensorView, MutableConvertsToConstOnly) {
  static_assert(std::is_convertible_v<TensorView<float>, TensorView<const float>>);
  static_assert(!std::is_convertible_v<TensorView<const float>, TensorView<float>>);
  static_assert(!std::is_convertible_v<TensorView<int>, TensorView<const float>>);
  static_assert(std::is_trivially_copyable_v<TensorView<float>>);
}

TEST(Tensor, IsZeroAndAligned) {
  for (const Index size : {1, 3, 64, 1000}) {
    Tensor<float> tensor({size, 3});
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.data()) % 64, 0U);
    for (Index i = 0; i < tensor.count(); ++i) ASSERT_EQ(tensor.data()[i], 0.0F);
  }
}

TEST(Tensor, MovesAndClones) {
  static_assert(!std::is_copy_constructible_v<Tensor<float>>);
  Tensor<int> tensor({2, 2});
  tensor.data()[3] = 7;
  const int* const data = tensor.data();
  Tensor<int> clone = tensor.clone();
  Tensor<int> moved = std::move(tensor);
  EXPECT_EQ(moved.data(), data);
  EXPECT_NE(clone.data(), data);
  EXPECT_EQ(clone.data()[3], 7);
  EXPECT_EQ(clone.shape(), moved.shape());
  const TensorView<int> view = moved;
  view.row(0)[0] = 5;
  const Tensor<int>& constant = moved;
  const TensorView<const int> constant_view = constant;
  EXPECT_EQ(constant_view.row(0)[0], 5);
}

TEST(Tensor, MayBeEmpty) {
  const Tensor<float> none({0, 3});
  EXPECT_EQ(none.count(), 0);
  EXPECT_EQ(none.clone().count(), 0);
  EXPECT_EQ(Tensor<float>().view().rank(), 0);
}

TEST(Tensor, ASizeInBytesThatOverflowsIsRefused) {
  EXPECT_THROW(Tensor<float>({Index{1} << 62}), std::bad_alloc);
  EXPECT_THROW(Tensor<double>({(Index{1} << 61) + 1}), std::bad_alloc);
  EXPECT_THROW(AlignedArray<std::int64_t>(std::size_t{1} << 61), std::bad_alloc);
}

}  // namespace
}  // namespace headformer
