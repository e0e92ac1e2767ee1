#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/token_id.hpp"
#include "headformer/models/model.hpp"

namespace headformer::detail {

/// One row of a padded batch without its padding.
struct SequenceRow {
  std::vector<Index> columns;             ///< of the input, where its rows come from
  std::vector<float> key_bias;            ///< hides masked columns that keep their places; empty: there are none
  std::vector<TokenId> ids;               ///< empty where embeddings were given
  Tensor<float> embeddings;               ///< [T, E]
  std::vector<std::int32_t> positions;    ///< empty where none were given
  std::vector<std::int32_t> token_types;  ///< empty where none were given

  bool hidden(std::size_t i) const { return !key_bias.empty() && key_bias[i] != 0; }
};

/// The inputs of a model over sequences: input_ids [B, T] (or inputs_embeds [B, T, E]), attention_mask, position_ids
/// [B, T] or [1, T], token_type_ids; where a sequence is one of C choices, [B, C, T] and so on.
class SequenceRows {
 public:
  /// `rank`: of the ids. Throws ArgumentError for shapes that do not fit. The tensors outlive this.
  SequenceRows(const NamedTensors& inputs, int rank, bool token_types) {
    InputReader reader(inputs);
    ids_ = reader.find<std::int64_t>("input_ids");
    embeddings_ = reader.find<float>("inputs_embeds");
    mask_ = reader.find<std::int64_t>("attention_mask");
    positions_ = reader.find<std::int64_t>("position_ids");
    if (token_types) token_types_ = reader.find<std::int64_t>("token_type_ids");
    reader.expect_all_read();
    if ((ids_ == nullptr) == (embeddings_ == nullptr))
      throw ArgumentError("inputs: expected either input_ids or inputs_embeds, found " +
                          std::string(ids_ ? "both" : "neither"));
    const Shape& shape = ids_ != nullptr ? ids_->shape() : embeddings_->shape();
    if (shape.rank() != (ids_ != nullptr ? rank : rank + 1)) {
      const std::string dimensions = rank == 2 ? "[B, T" : "[B, C, T";
      throw ArgumentError("input " + std::string(name()) + ": expected " + dimensions +
                          (ids_ != nullptr ? "]" : ", D]") + ", found " + to_string(shape));
    }
    const std::span<const Index> sizes(shape.begin(), static_cast<std::size_t>(rank));
    const Shape expected(sizes);
    if (std::find(sizes.begin(), sizes.end(), 0) != sizes.end())
      throw ArgumentError("input " + std::string(name()) + ": expected at least one row and one column, found " +
                          to_string(shape));
    leading_ = Shape(sizes.first(sizes.size() - 1));
    length_ = sizes.back();
    if (mask_ != nullptr) expect_shape("attention_mask", mask_->shape(), expected);
    if (positions_ != nullptr && !(positions_->shape() == Shape{1, length_}))
      expect_shape("position_ids", positions_->shape(), expected);
    if (token_types_ != nullptr) expect_shape("token_type_ids", token_types_->shape(), expected);
  }

  /// [B] or [B, C].
  const Shape& leading() const { return leading_; }
  Index count() const { return leading_.count(); }
  Index length() const { return length_; }

  /// All ids of a row, padding included; none where embeddings were given.
  std::vector<TokenId> all_ids(Index row) const {
    std::vector<TokenId> result;
    if (ids_ == nullptr) return result;
    for (Index t = 0; t < length_; ++t) result.push_back(narrow(ids_->data()[row * length_ + t], "input_ids"));
    return result;
  }

  /// `keeps_places`: windows and relative positions count columns, those of a hole inside the row too: they stay, and
  /// no query sees them.
  SequenceRow row(Index row, bool keeps_places) const {
    SequenceRow result;
    std::vector<Index>& columns = result.columns;
    for (Index t = 0; t < length_; ++t) {
      if (visible(row, t)) columns.push_back(t);
    }
    if (columns.empty()) return result;
    const Index first = columns.front();
    const Index last = columns.back();
    if (keeps_places && last - first + 1 != static_cast<Index>(columns.size())) {
      columns.clear();
      for (Index t = first; t <= last; ++t) {
        columns.push_back(t);
        result.key_bias.push_back(visible(row, t) ? 0.0F : -1e30F);
      }
    }
    const Index position_row = positions_ != nullptr && positions_->count() > length_ ? row : 0;
    for (const Index t : columns) {
      if (ids_ != nullptr) result.ids.push_back(narrow(ids_->data()[row * length_ + t], "input_ids"));
      if (positions_ != nullptr)
        result.positions.push_back(narrow(positions_->data()[position_row * length_ + t], "position_ids"));
      if (token_types_ != nullptr)
        result.token_types.push_back(narrow(token_types_->data()[row * length_ + t], "token_type_ids"));
    }
    if (embeddings_ == nullptr) return result;
    const Index width = embeddings_->size(embeddings_->shape().rank() - 1);
    result.embeddings = Tensor<float>(Shape{static_cast<Index>(columns.size()), width});
    for (std::size_t i = 0; i < columns.size(); ++i) {
      std::copy_n(embeddings_->data() + (row * length_ + columns[i]) * width, width,
                  result.embeddings.data() + static_cast<Index>(i) * width);
    }
    return result;
  }

 private:
  const char* name() const { return ids_ != nullptr ? "input_ids" : "inputs_embeds"; }
  bool visible(Index row, Index column) const { return mask_ == nullptr || mask_->data()[row * length_ + column] != 0; }

  static std::int32_t narrow(std::int64_t value, const char* name) {
    if (value < 0 || value > std::numeric_limits<std::int32_t>::max()) {
      throw ArgumentError("input " + std::string(name) + ": expected 0 to 2147483647, found " + std::to_string(value));
    }
    return static_cast<std::int32_t>(value);
  }

  const Tensor<std::int64_t>* ids_ = nullptr;
  const Tensor<float>* embeddings_ = nullptr;
  const Tensor<std::int64_t>* mask_ = nullptr;
  const Tensor<std::int64_t>* positions_ = nullptr;
  const Tensor<std::int64_t>* token_types_ = nullptr;
  Shape leading_;
  Index length_ = 0;
};

}  // namespace headformer::detail
