#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "headformer/blocks/layer_config.hpp"
#include "headformer/core/executor.hpp"
#include "headformer/models/workspace.hpp"
#include "headformer/nn/context.hpp"

namespace headformer::detail {

/// Items that go through all layers together.
struct ItemGroup {
  std::size_t first = 0;  ///< item
  std::size_t count = 0;
  Index row = 0;  ///< the first item's first
  Index rows = 0;
};

/// Rows that keep the widest activation in the cache, where more would only wait for memory.
template <class Config>
Index rows_together(const Config& config) {
  constexpr Index numbers = Index{3} << 17;
  Index widest = config.width;
  for (const LayerConfig& layer : config.layers) widest = std::max(widest, layer.feed_forward.hidden_width);
  return std::clamp<Index>(numbers / widest, 64, 1024);
}

/// Neighbours in groups of about as many rows each: at most about `together`, and for several workers so many groups
/// that each gets as many, unless these would be too small to keep a core busy with what it reads of the weights.
inline std::vector<ItemGroup> group_items(std::span<const Index> rows, Index together, Index workers) {
  constexpr Index enough = 64;
  Index total = 0;
  for (const Index count : rows) total += count;
  Index groups = std::max<Index>((total + together - 1) / together, 1);
  if (const Index even = (groups + workers - 1) / workers * workers; total / even >= enough) groups = even;
  const Index target = (total + groups - 1) / groups;
  std::vector<ItemGroup> result;
  Index row = 0;
  for (std::size_t item = 0; item < rows.size(); ++item) {
    const Index end = row + rows[item];
    // A new group begins where an item lies more in the next share of the rows than in the last group's.
    const bool fits = !result.empty() && row + end <= 2 * target * static_cast<Index>(result.size());
    if (!fits) result.push_back({item, 0, row, 0});
    ++result.back().count;
    result.back().rows += rows[item];
    row = end;
  }
  return result;
}

/// Calls pass(context, group) for each group of items, `fill(batch, group)` having put it into the context's batch.
/// Groups run one a worker, as many at a time as there are workers, which then need not wait for each other in every
/// layer; what is left over, and a group much larger than others, on all workers together. With an observer all do, one
/// after the other.
template <class Fill, class Pass>
void for_each_group(Workspace& workspace, std::span<const Index> rows, Index together, const Observer* observer,
                    const Fill& fill, const Pass& pass) {
  const auto workers = static_cast<std::size_t>(observer == nullptr ? workspace.executor->size() : 1);
  const std::vector<ItemGroup> groups = group_items(rows, together, static_cast<Index>(workers));
  const auto run = [&](const Compute& compute, PassMemory& memory, const ItemGroup& group) {
    memory.batch.sequences.clear();
    memory.batch.positions.clear();
    memory.batch.token_types.clear();
    fill(memory.batch, group);
    Context context(compute, memory.scratch, memory.tables, memory.batch);
    context.observer = observer;
    pass(context, group);
  };
  std::vector<const ItemGroup*> alone;
  std::vector<const ItemGroup*> jointly;
  for (const ItemGroup& group : groups) (workers > 1 && group.rows <= 2 * together ? alone : jointly).push_back(&group);
  for (; alone.size() % workers != 0; alone.pop_back()) jointly.push_back(alone.back());
  if (!alone.empty()) {
    while (workspace.lanes.size() < workers) workspace.lanes.push_back(std::make_unique<PassMemory>());
    std::atomic<std::size_t> next{0};
    workspace.executor->run([&](int worker) {
      SerialExecutor here;
      const Compute compute{here, workspace.isa, workspace.activations};
      PassMemory& memory = *workspace.lanes[static_cast<std::size_t>(worker)];
      for (std::size_t i = next++; i < alone.size(); i = next++) run(compute, memory, *alone[i]);
    });
  }
  for (const ItemGroup* group : jointly) run(workspace.compute(), workspace, *group);
}

}  // namespace headformer::detail
