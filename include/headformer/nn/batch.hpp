#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "headformer/core/grid.hpp"
#include "headformer/core/token_id.hpp"
#include "headformer/nn/sequence_state.hpp"

namespace headformer {

/// The bias of a key that no query sees.
inline constexpr float hidden_key_bias = -1e30F;

/// A sequence's part of a ragged batch: rows [first_row, first_row + rows) of every activation x [T, D].
struct BatchSequence {
  Index first_row = 0;
  Index rows = 0;
  Index total_length = 0;          ///< greatest position + 1: dynamic and longrope scaling choose their factors by it
  SequenceState* state = nullptr;  ///< nullptr: nothing is kept after the pass
  std::span<const float> key_bias = {};        ///< [rows]; added to the scores of each key; empty: none
  std::span<const TokenId> ids = {};           ///< [rows]; for heads that look for one; empty: not known
  std::span<const std::int32_t> regions = {};  ///< [rows]; rows of two regions hardly see each other; empty: all do
  std::span<const Index> order = {};  ///< of a picture's patches, those that are among the rows first; empty: all are
  Grid grid = {};  ///< of a picture: its last rows are the places of this grid, what comes before has no place
};

/// Sequences one after another, without padding. Positions are data: [T], computed where the batch is made.
struct Batch {
  std::vector<BatchSequence> sequences;
  std::vector<std::int32_t> positions;    ///< [T]
  std::vector<std::int32_t> token_types;  ///< [T], which of a pair's texts a row is of; empty: models without

  Index rows() const { return static_cast<Index>(positions.size()); }
};

}  // namespace headformer
