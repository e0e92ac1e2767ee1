#include "headformer/core/executor.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace headformer {
namespace {

TEST(Partition, CoversEverythingOnceInOrder) {
  for (const Index grain : {1, 3, 16, 64}) {
    for (int workers = 1; workers <= 9; ++workers) {
      for (Index count = 0; count <= 200; ++count) {
        Index next = 0;
        for (int worker = 0; worker < workers; ++worker) {
          const WorkRange range = partition(count, grain, worker, workers);
          ASSERT_LE(range.begin, range.end);
          if (range.begin == range.end) continue;
          ASSERT_EQ(range.begin, next);
          ASSERT_EQ(range.begin % grain, 0);
          ASSERT_TRUE(range.end % grain == 0 || range.end == count);
          next = range.end;
        }
        ASSERT_EQ(next, count) << "grain " << grain << ", workers " << workers;
      }
    }
  }
}

TEST(Partition, SharesAreEvenToAGrain) {
  for (int workers = 1; workers <= 8; ++workers) {
    const Index grains = 1000;
    for (int worker = 0; worker < workers; ++worker) {
      const WorkRange range = partition(grains * 16, 16, worker, workers);
      const Index share = (range.end - range.begin) / 16;
      EXPECT_GE(share, grains / workers);
      EXPECT_LE(share, grains / workers + 1);
    }
  }
}

/// Runs the workers one after another, backwards, and remembers how often it was asked.
class Backwards final : public Executor {
 public:
  explicit Backwards(int size) : size_(size) {}
  int size() const override { return size_; }
  void run(FunctionRef<void(int)> task) override {
    ++runs;
    for (int worker = size_; worker-- > 0;) task(worker);
  }
  int runs = 0;

 private:
  int size_;
};

TEST(ParallelFor, UsesTheCallersExecutor) {
  Backwards executor(3);
  std::vector<int> touched(100, 0);
  std::vector<Index> begins;
  parallel_for(executor, 100, 10, [&](Index begin, Index end) {
    begins.push_back(begin);
    for (Index i = begin; i < end; ++i) ++touched[static_cast<std::size_t>(i)];
  });
  EXPECT_EQ(executor.runs, 1);
  EXPECT_EQ(touched, std::vector<int>(100, 1));
  EXPECT_EQ(begins, (std::vector<Index>{60, 30, 0}));
}

TEST(ParallelFor, LittleWorkStaysWithTheCaller) {
  Backwards executor(4);
  int calls = 0;
  const auto body = [&](Index begin, Index end) {
    ++calls;
    EXPECT_EQ(begin, 0);
    EXPECT_EQ(end, 16);
  };
  parallel_for(executor, 16, 16, body);
  EXPECT_EQ(calls, 1);
  parallel_for(executor, 0, 16, body);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(executor.runs, 0);
}

TEST(ShareOut, DoesEachOnce) {
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{15}, std::size_t{1000}}) {
    Backwards executor(3);
    std::vector<int> touched(count, 0);
    share_out(executor, count, [&](std::size_t i) { ++touched[i]; });
    EXPECT_EQ(touched, std::vector<int>(count, 1));
    EXPECT_EQ(executor.runs, count > 1 ? 1 : 0) << "one alone is not worth waking others";
  }
  Backwards alone(1);
  share_out(alone, 100, [](std::size_t) {});
  EXPECT_EQ(alone.runs, 0);
}

TEST(SerialExecutor, RunsHere) {
  SerialExecutor executor;
  EXPECT_EQ(executor.size(), 1);
  int calls = 0;
  executor.run([&](int worker) { calls += worker + 1; });
  EXPECT_EQ(calls, 1);
  EXPECT_THROW(executor.run([](int) { throw std::runtime_error("x"); }), std::runtime_error);
}

}  // namespace
}  // namespace headformer
