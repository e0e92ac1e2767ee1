#include "headformer/core/function_ref.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace headformer {
namespace {

int twice(int x) { return 2 * x; }

TEST(FunctionRef, CallsWhatItLooksAt) {
  int sum = 0;
  auto add = [&sum](int x) { sum += x; };
  const FunctionRef<void(int)> reference = add;
  const FunctionRef<void(int)> copy = reference;
  reference(3);
  copy(4);
  EXPECT_EQ(sum, 7);
}

TEST(FunctionRef, KeepsTheCallablesState) {
  auto count = [n = 0]() mutable { return ++n; };
  const FunctionRef<int()> reference = count;
  EXPECT_EQ(reference(), 1);
  EXPECT_EQ(reference(), 2);
  EXPECT_EQ(count(), 3);
}

TEST(FunctionRef, TakesMoveOnlyArgumentsAndConstCallables) {
  const auto read = [](std::unique_ptr<int> p) { return *p; };
  const FunctionRef<int(std::unique_ptr<int>)> reference = read;
  EXPECT_EQ(reference(std::make_unique<int>(5)), 5);
}

TEST(FunctionRef, TakesPointersToFunctions) {
  auto* pointer = &twice;
  const FunctionRef<int(int)> reference = pointer;
  EXPECT_EQ(reference(21), 42);
}

}  // namespace
}  // namespace headformer
