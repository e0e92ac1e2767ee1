#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/error.hpp"
#include "headformer/formats/gguf.hpp"
#include "headformer/preprocess/tokenizer/models/merges.hpp"
#include "headformer/preprocess/tokenizer/models/vocabulary.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

/// The tokens of a GGUF file (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, "Tokenizer").
class GgufTokens {
 public:
  enum Type : Index { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

  explicit GgufTokens(const Gguf& file) : texts_(file.array("tokenizer.ggml.tokens")) {
    if (texts_.size() == 0 || texts_.size() > Vocabulary::limit)
      throw FormatError(file.file().name() + ": key 'tokenizer.ggml.tokens': expected 1 to " +
                        std::to_string(Vocabulary::limit) + " tokens, found " + std::to_string(texts_.size()));
    if (!file.has("tokenizer.ggml.token_type")) return;
    types_.emplace(file.array("tokenizer.ggml.token_type"));
    check_size(file, "tokenizer.ggml.token_type", types_->size());
  }

  std::size_t size() const { return texts_.size(); }
  Type type(std::size_t i) const { return types_ ? static_cast<Type>(types_->integer(i)) : normal; }
  /// Throws FormatError when the token's text is no UTF-8.
  std::string_view text(const Gguf& file, std::size_t i) const {
    const std::string_view text = texts_.string(i);
    if (!unicode::is_utf8(text))
      throw FormatError(file.file().name() + ": key 'tokenizer.ggml.tokens'[" + std::to_string(i) +
                        "]: expected UTF-8, found " + detail::quoted(text));
    return text;
  }
  /// The token that a key names by its id; nothing without the key. Throws ConfigError for an id that no token has.
  std::optional<TokenId> named(const Gguf& file, const char* key) const {
    if (!file.has(key)) return std::nullopt;
    return static_cast<TokenId>(file.integer(key, 0, static_cast<Index>(size()) - 1));
  }
  std::optional<TokenId> unknown_token(const Gguf& file) const {
    return named(file, "tokenizer.ggml.unknown_token_id");
  }
  void check_size(const Gguf& file, const char* key, std::size_t size) const {
    if (size != texts_.size())
      throw FormatError(file.file().name() + ": key '" + key + "': expected " + std::to_string(texts_.size()) +
                        " elements, one for each token, found " + std::to_string(size));
  }

 private:
  GgufArray texts_;
  std::optional<GgufArray> types_;
};

/// Whether a token only fills the vocabulary up: converters name it after its own id, and no publisher has it.
inline bool is_gguf_padding(std::string_view text, std::size_t id) {
  return text.starts_with("[PAD") && text == "[PAD" + std::to_string(id) + "]";
}

/// tokenizer.ggml.merges as the merges of the vocabulary; the piece of a merge is found by its text.
inline MergeTable read_gguf_merges(const Gguf& file, const Vocabulary& vocabulary) {
  const GgufArray list = file.array("tokenizer.ggml.merges");
  MergeTable merges(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string_view text = list.string(i);
    const std::size_t space = text.find(' ', 1);
    const std::string_view left = text.substr(0, space);
    const std::string_view right = space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
    if (right.empty() || !merges.add(vocabulary, left, right, 0, static_cast<std::uint32_t>(i)))
      throw FormatError(file.file().name() + ": key 'tokenizer.ggml.merges'[" + std::to_string(i) +
                        "]: expected two pieces that are in the vocabulary with their joint text, found " +
                        detail::quoted(text));
  }
  return merges;
}

/// How early a merge to each piece comes: by score, the greatest first.
inline std::vector<std::uint32_t> score_ranks(const Gguf& file, const GgufTokens& tokens) {
  const GgufArray scores = file.array("tokenizer.ggml.scores");
  tokens.check_size(file, "tokenizer.ggml.scores", scores.size());
  std::vector<double> values(scores.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = scores.number(i);
    if (!(values[i] == values[i])) values[i] = -1e30;  // NaN has no place in an order
  }
  std::vector<std::uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return values[a] > values[b]; });
  std::vector<std::uint32_t> ranks(values.size());
  std::uint32_t rank = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i > 0 && values[order[i]] < values[order[i - 1]]) ++rank;
    ranks[order[i]] = rank;
  }
  return ranks;
}

}  // namespace headformer::detail
