#pragma once

#include <vector>

#include "headformer/kernels/patches.hpp"
#include "headformer/nn/batch.hpp"

namespace headformer {

/// A batch of feature maps, one after another.
inline Batch maps_of(const std::vector<Grid>& grids) {
  Batch batch;
  Index rows = 0;
  for (const Grid& grid : grids) {
    BatchSequence& map = batch.sequences.emplace_back(BatchSequence{rows, grid.count(), grid.count(), nullptr, {}});
    map.grid = grid;
    rows += grid.count();
  }
  batch.positions.resize(static_cast<std::size_t>(rows), 0);
  return batch;
}

/// What a window makes of such maps.
inline Batch maps_through(const Batch& maps, const kernels::PatchWindow& window) {
  std::vector<Grid> grids;
  for (const BatchSequence& map : maps.sequences) grids.push_back(window.places(map.grid));
  return maps_of(grids);
}

}  // namespace headformer
