#pragma once

#include <algorithm>
#include <string>

#include "headformer/core/cold.hpp"
#include "headformer/formats/json_file.hpp"
#include "headformer/models/encoders/config.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer::detail {

/// The positions that an encoder has for tokens; 0: no limit.
HEADFORMER_COLD inline Index usable_positions(const EncoderConfig& config) {
  if (config.learned_positions == 0) return config.context_length;
  const bool after_padding = config.numbering == PositionNumbering::after_padding;
  return config.learned_positions - (after_padding ? config.padding_id + 1 : 0);
}

/// A length that a file of the folder names; 0 where it names none.
HEADFORMER_COLD inline Index length_of(const FileReader& files, const std::string& name, const char* key) {
  const JsonFile file(files, name);
  // Python's "very large integer" (1e30) stands for none.
  const double length = file.object().number_or(key, 0, 0);
  return length < 1e9 ? static_cast<Index>(length) : 0;
}

/// The lesser of two limits, of which 0 is none.
inline Index stricter_limit(Index a, Index b) { return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b); }

/// The most tokens of a text, special ones included: sentence-transformers' max_seq_length, else the tokenizer's
/// model_max_length, and never more than there are positions. 0: no limit. (What tokenizer.json says of truncation is
/// how somebody once called it.)
HEADFORMER_COLD inline Index token_limit(const Checkpoint& checkpoint, Index positions) {
  if (checkpoint.is_gguf()) return positions;
  const FileReader& files = checkpoint.files();
  Index length = 0;
  for (const char* kind : {"bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"}) {
    length = length_of(files, "sentence_" + std::string(kind) + "_config.json", "max_seq_length");
    if (length > 0) break;
  }
  if (length == 0) length = length_of(files, "tokenizer_config.json", "model_max_length");
  return stricter_limit(length, positions);
}

/// The same under the caller's own limit (0: none), which may only be less. Throws ArgumentError when it is negative.
HEADFORMER_COLD inline Index token_limit(const Checkpoint& checkpoint, Index positions, Index own) {
  if (own < 0) throw ArgumentError("max_length: expected 0 or more, found " + std::to_string(own));
  return stricter_limit(token_limit(checkpoint, positions), own);
}

}  // namespace headformer::detail
