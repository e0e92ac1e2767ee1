#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/token_id.hpp"
#include "headformer/models/model.hpp"
#include "headformer/models/position_numbering.hpp"
#include "headformer/nn/batch.hpp"

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

  /// Drops the rows from `length` on.
  void cut(Index length) {
    const auto shorten = [&](auto& values) {
      values.resize(std::min(values.size(), static_cast<std::size_t>(length)));
    };
    shorten(columns);
    shorten(key_bias);
    shorten(ids);
    shorten(positions);
    shorten(token_types);
    if (embeddings.data() == nullptr || embeddings.size(0) <= length) return;
    Tensor<float> shorter(Shape{length, embeddings.size(1)});
    std::copy_n(embeddings.data(), shorter.count(), shorter.data());
    embeddings = std::move(shorter);
  }
};

/// What the inputs of one side of a model are called; an empty name: the side has no such input.
struct SequenceNames {
  std::string ids = "input_ids";
  std::string embeddings = "inputs_embeds";
  std::string mask = "attention_mask";
  std::string positions = "position_ids";
  std::string token_types = "";

  void announce(InputReader& reader) const {
    for (const std::string* name : {&ids, &embeddings, &mask, &positions, &token_types})
      if (!name->empty()) reader.announce(*name);
  }
};

/// The inputs of a model over sequences, or of one side of it: ids [B, T] (or embeddings [B, T, E]), a mask, positions
/// [B, T] or [1, T], token types; where a sequence is one of C choices, [B, C, T] and so on.
class SequenceRows {
 public:
  /// `rank`: of the ids. Throws ArgumentError for a name that the reader does not know, and for shapes that do not fit.
  /// The tensors outlive this.
  SequenceRows(InputReader& reader, SequenceNames names, int rank) : names_(std::move(names)) {
    const auto find = [&](const std::string& name) { return name.empty() ? nullptr : reader.find<std::int64_t>(name); };
    ids_ = find(names_.ids);
    if (!names_.embeddings.empty()) embeddings_ = reader.find<float>(names_.embeddings);
    mask_ = find(names_.mask);
    positions_ = find(names_.positions);
    token_types_ = find(names_.token_types);
    reader.expect_all_known();
    if ((ids_ == nullptr) == (embeddings_ == nullptr))
      throw ArgumentError("inputs: expected either " + names_.ids + " or " + names_.embeddings + ", found " +
                          std::string(ids_ ? "both" : "neither"));
    const Shape& shape = ids_ != nullptr ? ids_->shape() : embeddings_->shape();
    if (shape.rank() != (ids_ != nullptr ? rank : rank + 1)) {
      const std::string dimensions = rank == 2 ? "[B, T" : "[B, C, T";
      throw ArgumentError("input " + name() + ": expected " + dimensions + (ids_ != nullptr ? "]" : ", D]") +
                          ", found " + to_string(shape));
    }
    const std::span<const Index> sizes(shape.begin(), static_cast<std::size_t>(rank));
    const Shape expected(sizes);
    if (std::find(sizes.begin(), sizes.end(), 0) != sizes.end())
      throw ArgumentError("input " + name() + ": expected at least one row and one column, found " + to_string(shape));
    leading_ = Shape(sizes.first(sizes.size() - 1));
    length_ = sizes.back();
    if (mask_ != nullptr) expect_shape(names_.mask, mask_->shape(), expected);
    if (positions_ != nullptr && !(positions_->shape() == Shape{1, length_}))
      expect_shape(names_.positions, positions_->shape(), expected);
    if (token_types_ != nullptr) expect_shape(names_.token_types, token_types_->shape(), expected);
  }

  /// [B] or [B, C].
  const Shape& leading() const { return leading_; }
  Index count() const { return leading_.count(); }
  Index length() const { return length_; }

  /// All ids of a row, padding included; none where embeddings were given.
  std::vector<TokenId> all_ids(Index row) const {
    std::vector<TokenId> result;
    if (ids_ == nullptr) return result;
    for (Index t = 0; t < length_; ++t) result.push_back(narrow(ids_->data()[row * length_ + t], names_.ids));
    return result;
  }

  /// The positions of what is left of a row, by the class's own rule, which may count the padding too.
  std::vector<std::int32_t> own_positions(const Numbering& numbering, Index row, const SequenceRow& left) const {
    const bool by_ids = numbering.rule == PositionNumbering::after_padding;
    const std::vector<std::int32_t> all = numbering.positions(by_ids ? all_ids(row) : std::vector<TokenId>(), length_);
    std::vector<std::int32_t> result;
    for (const Index column : left.columns) result.push_back(all[static_cast<std::size_t>(column)]);
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
        result.key_bias.push_back(visible(row, t) ? 0.0F : hidden_key_bias);
      }
    }
    const Index position_row = positions_ != nullptr && positions_->count() > length_ ? row : 0;
    for (const Index t : columns) {
      if (ids_ != nullptr) result.ids.push_back(narrow(ids_->data()[row * length_ + t], names_.ids));
      if (positions_ != nullptr)
        result.positions.push_back(narrow(positions_->data()[position_row * length_ + t], names_.positions));
      if (token_types_ != nullptr)
        result.token_types.push_back(narrow(token_types_->data()[row * length_ + t], names_.token_types));
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
  const std::string& name() const { return ids_ != nullptr ? names_.ids : names_.embeddings; }
  bool visible(Index row, Index column) const { return mask_ == nullptr || mask_->data()[row * length_ + column] != 0; }

  static std::int32_t narrow(std::int64_t value, const std::string& name) {
    if (value < 0 || value > std::numeric_limits<std::int32_t>::max()) {
      throw ArgumentError("input " + name + ": expected 0 to 2147483647, found " + std::to_string(value));
    }
    return static_cast<std::int32_t>(value);
  }

  SequenceNames names_;
  const Tensor<std::int64_t>* ids_ = nullptr;
  const Tensor<float>* embeddings_ = nullptr;
  const Tensor<std::int64_t>* mask_ = nullptr;
  const Tensor<std::int64_t>* positions_ = nullptr;
  const Tensor<std::int64_t>* token_types_ = nullptr;
  Shape leading_;
  Index length_ = 0;
};

}  // namespace headformer::detail
