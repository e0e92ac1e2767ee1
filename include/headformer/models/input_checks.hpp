#pragma once

#include <limits>
#include <span>
#include <string>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/core/token_id.hpp"

namespace headformer::detail {

/// Throws ArgumentError for a value outside [0, count).
inline void expect_below(const char* name, std::span<const std::int32_t> values, Index count) {
  for (const std::int32_t value : values) {
    if (value < 0 || value >= count) {
      throw ArgumentError(std::string(name) + ": expected ids of 0 to " + std::to_string(count - 1) + ", found " +
                          std::to_string(value));
    }
  }
}

/// Throws ArgumentError for a negative position, or one past the rows of a learned table (0: there is none).
inline void expect_position(Index position, Index learned_positions) {
  if (position < 0) throw ArgumentError("position_ids: expected 0 or more, found " + std::to_string(position));
  if (learned_positions > 0 && position >= learned_positions) {
    throw ArgumentError("the model has " + std::to_string(learned_positions) + " learned positions, found position " +
                        std::to_string(position));
  }
  if (position > std::numeric_limits<std::int32_t>::max()) throw ArgumentError("position_ids: past the range of int32");
}

HEADFORMER_COLD [[noreturn]] inline void fail_count(const char* name, std::size_t expected, std::size_t found) {
  throw ArgumentError(std::string(name) + ": expected " + std::to_string(expected) + ", found " +
                      std::to_string(found));
}

/// Throws ArgumentError unless there is one for each row, or none at all.
template <class T>
void expect_one_a_row(const char* name, std::span<const T> values, Index rows) {
  if (!values.empty() && static_cast<Index>(values.size()) != rows)
    fail_count(name, static_cast<std::size_t>(rows), values.size());
}

}  // namespace headformer::detail
