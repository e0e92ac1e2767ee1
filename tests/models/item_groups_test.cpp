#include "headformer/models/encoders/item_groups.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

namespace {

using namespace headformer;
using detail::ItemGroup;

std::vector<Index> rows_of(const std::vector<ItemGroup>& groups) {
  std::vector<Index> result;
  for (const ItemGroup& group : groups) result.push_back(group.rows);
  return result;
}

TEST(ItemGroups, HoldEveryItemOnceInOrder) {
  const std::vector<Index> rows = {5, 300, 1, 1, 64, 1000, 2, 7, 7, 512, 90};
  for (const Index workers : {1, 2, 3, 8}) {
    for (const Index together : {64, 200, 1024}) {
      std::size_t item = 0;
      Index row = 0;
      for (const ItemGroup& group : detail::group_items(rows, together, workers)) {
        EXPECT_EQ(group.first, item);
        EXPECT_EQ(group.row, row);
        EXPECT_EQ(group.rows,
                  std::accumulate(rows.begin() + static_cast<std::ptrdiff_t>(item),
                                  rows.begin() + static_cast<std::ptrdiff_t>(item + group.count), Index{0}));
        item += group.count;
        row += group.rows;
      }
      EXPECT_EQ(item, rows.size());
    }
  }
  EXPECT_TRUE(detail::group_items({}, 64, 2).empty());
}

TEST(ItemGroups, AreAsLargeAsTheCacheHolds) {
  const std::vector<Index> rows(8, 50);
  EXPECT_EQ(rows_of(detail::group_items(rows, 1024, 1)), (std::vector<Index>{400}));
  EXPECT_EQ(rows_of(detail::group_items(rows, 128, 1)), (std::vector<Index>{100, 100, 100, 100}));
}

TEST(ItemGroups, AreEvenForSeveralWorkers) {
  EXPECT_EQ(rows_of(detail::group_items(std::vector<Index>(8, 50), 1024, 2)), (std::vector<Index>{200, 200}));
  EXPECT_EQ(rows_of(detail::group_items(std::vector<Index>(9, 50), 160, 2)).size(), 4U);
  // Too little work to read the weights once for each worker.
  EXPECT_EQ(rows_of(detail::group_items(std::vector<Index>(8, 10), 1024, 2)), (std::vector<Index>{80}));
}

/// Which groups were told apart, and whether each ran by itself or on all workers.
struct Passes {
  std::vector<std::pair<Index, int>> seen;  ///< rows, workers
};

Passes run(const std::vector<Index>& rows, const Observer* observer = nullptr) {
  Workspace workspace(std::make_shared<ThreadPool>(2));
  Passes passes;
  std::mutex mutex;
  detail::for_each_group(
      workspace, rows, 128, observer,
      [&](Batch& batch, const ItemGroup& group) { batch.sequences.push_back({0, group.rows, 0, nullptr, {}, {}}); },
      [&](Context& context, const ItemGroup& group) {
        EXPECT_EQ(context.batch().sequences.size(), 1U);
        EXPECT_EQ(context.observer, observer);
        const std::lock_guard lock(mutex);
        passes.seen.emplace_back(group.rows, context.compute().executor.size());
      });
  std::sort(passes.seen.begin(), passes.seen.end());
  return passes;
}

TEST(ItemGroups, RunOneAWorkerAndTheRestOnAll) {
  using Seen = std::vector<std::pair<Index, int>>;
  EXPECT_EQ(run({128}).seen, (Seen{{128, 2}}));
  EXPECT_EQ(run({128, 128, 128}).seen, (Seen{{128, 1}, {128, 1}, {128, 2}}));
  EXPECT_EQ(run({128, 128, 128, 128}).seen, (Seen{{128, 1}, {128, 1}, {128, 1}, {128, 1}}));
  // One much larger than the others would keep its worker when the others have done theirs.
  EXPECT_EQ(run({128, 128, 2000}).seen, (Seen{{128, 1}, {128, 1}, {2000, 2}}));
  const Observer observer = [](std::string_view, TensorView<float>) {};
  EXPECT_EQ(run({128, 128}, &observer).seen, (Seen{{128, 2}, {128, 2}}));
}

TEST(ItemGroups, AWorkersErrorReachesTheCaller) {
  Workspace workspace(std::make_shared<ThreadPool>(2));
  const std::vector<Index> rows(4, 128);
  const auto fill = [](Batch& batch, const ItemGroup& group) {
    batch.sequences.push_back({0, group.rows, 0, nullptr, {}, {}});
  };
  const auto fail = [](Context&, const ItemGroup& group) {
    if (group.first == 2) throw std::runtime_error("the third");
  };
  EXPECT_THROW(detail::for_each_group(workspace, rows, 128, nullptr, fill, fail), std::runtime_error);
}

}  // namespace
