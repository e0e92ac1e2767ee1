#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "headformer/core/tensor.hpp"
#include "headformer/core/token_id.hpp"

namespace headformer {

/// How rows are numbered where no positions are given.
enum class PositionNumbering {
  columns,       ///< 0, 1, ... over the columns of the input, padding included (BERT)
  after_padding  ///< padding id + 1, + 2, ... over the ids that are no padding, which itself has the padding id
                 ///< (RoBERTa)
};

/// The class's own rule.
struct Numbering {
  PositionNumbering rule = PositionNumbering::columns;
  TokenId padding_id = 0;

  bool skips(TokenId id) const { return rule == PositionNumbering::after_padding && id == padding_id; }
  /// The position of an id that comes after `before` numbered ones.
  Index position(TokenId id, Index before) const { return skips(id) ? padding_id : first() + before; }
  /// The position that is counted from.
  Index first() const { return rule == PositionNumbering::after_padding ? padding_id + 1 : 0; }

  /// The positions of a row of ids as the caller has it, padding included; without ids, of `count` rows of embeddings.
  /// Shapes: -> [count].
  std::vector<std::int32_t> positions(std::span<const TokenId> ids, Index count) const {
    std::vector<std::int32_t> result(static_cast<std::size_t>(count));
    Index before = 0;
    for (std::size_t i = 0; i < result.size(); ++i) {
      const bool skipped = !ids.empty() && skips(ids[i]);
      result[i] = static_cast<std::int32_t>(skipped ? padding_id : first() + before);
      if (!skipped) ++before;
    }
    return result;
  }

  /// The greatest of positions(), of which there is at least one.
  Index greatest(std::span<const TokenId> ids, Index count) const {
    const Index skipped = std::count_if(ids.begin(), ids.end(), [&](TokenId id) { return skips(id); });
    return skipped == count ? padding_id : first() + count - skipped - 1;
  }
};

}  // namespace headformer
