#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "headformer/core/tensor.hpp"
#include "headformer/core/token_id.hpp"

namespace headformer {

/// A half-open stretch of a text, in the unit that EncodeOptions names.
struct TextOffsets {
  std::uint32_t begin = 0, end = 0;
  bool operator==(const TextOffsets&) const = default;
};

/// What offsets count: code points, as the reference does, or bytes of the UTF-8 text.
enum class OffsetUnit : std::uint8_t { characters, bytes };

/// The end of a sequence where tokens go (truncation) or come (padding).
enum class SequenceSide : std::uint8_t { right, left };

/// Which of two texts loses tokens; with one text all but only_second are the same.
enum class TruncationStrategy : std::uint8_t { longest_first, only_first, only_second };

/// How much of a long text is kept; the reference's names (`truncation`, `max_length`, `stride`).
struct Truncation {
  Index max_length = 512;  ///< tokens, special ones included
  Index stride = 0;        ///< tokens that an overflowing part has in common with the one before
  TruncationStrategy strategy = TruncationStrategy::longest_first;
  SequenceSide side = SequenceSide::right;
  bool keep_overflowing = true;  ///< what is cut off goes to Encoding::overflowing
};

/// How sequences become equally long.
struct Padding {
  std::optional<Index> length;  ///< tokens; nothing: the longest of the batch
  Index multiple_of = 0;        ///< 0: any length will do
  SequenceSide side = SequenceSide::right;
  std::optional<TokenId> id;  ///< nothing: the tokenizer's padding token, else 0
  std::int32_t type_id = 0;
};

/// What Tokenizer::encode does beside finding ids.
struct EncodeOptions {
  bool add_special_tokens = true;
  OffsetUnit offsets = OffsetUnit::characters;
  std::optional<Truncation> truncation;
  std::optional<Padding> padding;
};

/// The tokens of one text or of two and what is known about each; all vectors have one element a token.
struct Encoding {
  std::vector<TokenId> ids;
  std::vector<std::int32_t> type_ids;             ///< segment: 0 or 1 as the post-processor says
  std::vector<TextOffsets> offsets;               ///< in its own text; (0, 0) for what comes from no text
  std::vector<std::int32_t> word_ids;             ///< which word of its text; -1 for what comes from none
  std::vector<std::int32_t> sequence_ids;         ///< 0 or 1: which of the texts; -1 for none
  std::vector<std::uint8_t> special_tokens_mask;  ///< 1: put in around the texts, or padding
  std::vector<std::uint8_t> attention_mask;       ///< 0: padding
  bool truncated = false;                         ///< tokens were cut off
  std::vector<Encoding> overflowing;              ///< what truncation cut off, in parts of at most the same length

  std::size_t size() const { return ids.size(); }
};

}  // namespace headformer
