#include "headformer/core/stable_sort.hpp"

#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

namespace headformer {
namespace {

TEST(StableSort, KeepsTheOrderOfEqualElements) {
  std::mt19937 random(1);
  for (int size = 0; size <= 130; ++size) {
    std::vector<std::pair<int, int>> values;
    for (int i = 0; i < size; ++i) values.emplace_back(static_cast<int>(random() % 7), i);
    std::vector<std::pair<int, int>> expected = values;
    std::sort(expected.begin(), expected.end());  // by key, then by where it stood
    detail::stable_sort(values.begin(), values.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    ASSERT_EQ(values, expected) << size;
  }
}

TEST(StableSort, SortsAPart) {
  std::vector<int> values = {9, 3, 1, 2, 0};
  detail::stable_sort(values.begin() + 1, values.end() - 1, [](int a, int b) { return a < b; });
  EXPECT_EQ(values, (std::vector<int>{9, 1, 2, 3, 0}));
}

}  // namespace
}  // namespace headformer
