#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "headformer/models/encoders/config.hpp"
#include "headformer/models/encoders/grouped_encoder.hpp"
#include "headformer/models/input_checks.hpp"

namespace headformer {

/// One sequence, without padding: ids, or embeddings in their place.
struct EncoderInput {
  std::span<const TokenId> ids;
  TensorView<const float> embeddings;              ///< [T, E]; used when there are no ids
  std::span<const std::int32_t> positions = {};    ///< [T]; empty: Encoder::positions()
  std::span<const std::int32_t> token_types = {};  ///< [T]; empty: 0
  std::span<const float> key_bias = {};            ///< [T]; added to the scores of each key; empty: none

  Index rows() const {
    if (!ids.empty()) return static_cast<Index>(ids.size());
    return embeddings.data() == nullptr ? 0 : embeddings.rows();
  }
};

/// An encoder of any family, with the heads of its class: ids in, hidden states or what the heads make of them out.
/// Immutable, shareable between threads; what changes lives in the workspace.
class Encoder : public GroupedEncoder<EncoderConfig, EncoderInput> {
 public:
  Numbering numbering() const { return {config().numbering, config().padding_id}; }
  /// Positions by the class's own rule, of a row of ids as the caller has it, padding included; without ids, of `count`
  /// rows of embeddings. Shapes: -> [count].
  std::vector<std::int32_t> positions(std::span<const TokenId> ids, Index count) const {
    return numbering().positions(ids, count);
  }

  /// Throws ArgumentError where encode() would for these ids: none, one outside the vocabulary, more than there are
  /// positions for.
  void expect_encodable(std::span<const TokenId> ids) const {
    EncoderInput input;
    input.ids = ids;
    rows(input);
  }

  /// Rows of a sequence. Throws ArgumentError for an input without rows, an id outside the vocabulary, a position past
  /// a learned table, a token type without a row, wrong shapes.
  Index rows(const EncoderInput& input) const override {
    const Index rows = input.rows();
    if (rows == 0) throw ArgumentError("input_ids: expected at least one id or row, found none");
    detail::expect_below("input_ids", input.ids, config().vocabulary);
    if (input.ids.empty() && input.embeddings.columns() != config().embedding_width) {
      throw ArgumentError("inputs_embeds: expected rows of " + std::to_string(config().embedding_width) + ", found " +
                          std::to_string(input.embeddings.columns()));
    }
    detail::expect_one_a_row("position_ids", input.positions, rows);
    for (const std::int32_t position : input.positions) detail::expect_position(position, config().learned_positions);
    if (input.positions.empty())
      detail::expect_position(numbering().greatest(input.ids, rows), config().learned_positions);
    detail::expect_one_a_row("token_type_ids", input.token_types, rows);
    detail::expect_one_a_row("key bias", input.key_bias, rows);
    if (config().token_types > 0) detail::expect_below("token_type_ids", input.token_types, config().token_types);
    return rows;
  }

 protected:
  using GroupedEncoder::GroupedEncoder;

 private:
  void append(const EncoderInput& input, Batch& batch) const override {
    const Index rows = input.rows();
    BatchSequence sequence{batch.rows(), rows, 0, nullptr, input.key_bias, input.ids};
    const std::vector<std::int32_t> own =
        input.positions.empty() ? positions(input.ids, rows) : std::vector<std::int32_t>();
    for (const std::int32_t position : input.positions.empty() ? std::span(own) : input.positions) {
      sequence.total_length = std::max<Index>(sequence.total_length, position + 1);
      batch.positions.push_back(position);
    }
    if (input.token_types.empty()) {
      batch.token_types.resize(static_cast<std::size_t>(batch.rows()), 0);
    } else {
      batch.token_types.insert(batch.token_types.end(), input.token_types.begin(), input.token_types.end());
    }
    batch.sequences.push_back(sequence);
  }
};

}  // namespace headformer
