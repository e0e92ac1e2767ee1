#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "headformer/preprocess/tokenizer/models/vocabulary.hpp"
#include "headformer/preprocess/tokenizer/steps/byte_alphabet.hpp"
#include "headformer/preprocess/tokenizer/steps/normalizers.hpp"
#include "headformer/preprocess/unicode/properties.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

// The decoder steps of tokenizer.json. In the reference each maps a list of token texts to another list. Here each is a
// stream: texts go in as they come, in one part or many, and go out as soon as nothing that follows can change them. So
// decoding a whole text and decoding token by token are the same code, and their results are equal.

/// Bytes spelled in the byte alphabet become bytes; a text with other characters stays. All becomes one text.
struct ByteLevelDecoder {};
/// Runs of texts like "<0x41>" become their bytes if these are UTF-8, and one U+FFFD for each byte otherwise.
struct ByteFallbackDecoder {};
/// All texts become one.
struct FuseDecoder {};
/// The replacement character becomes a space, but goes in the first text (with `prefixed`).
struct MetaspaceDecoder {
  std::string replacement;
  bool prefixed;
};
/// Takes up to `left` and `right` times the character `content` from the ends of each text.
struct StripDecoder {
  std::string content;
  std::size_t left, right;
};

/// A space before each text but the first; what a tokenizer without a decoder does.
struct JoinDecoder {};
/// WordPiece: a text that begins with the prefix continues a word, another begins one; spaces before punctuation go.
struct WordPieceDecoder {
  std::string prefix;
  bool cleanup;
};
/// The suffix of a word's last piece becomes a space, in the last text nothing.
struct BpeDecoder {
  std::string suffix;
};
/// Connectionist temporal classification: texts that repeat count once, padding goes, the delimiter becomes a space.
struct CtcDecoder {
  std::string pad_token, word_delimiter_token;
  bool cleanup;
};

/// White space (Python's) goes from the ends of the one text that is left; what CLIP's tokenizer ends with.
struct TrimDecoder {};

/// Texts like "<|3.20|>" go from the one text that is left: Whisper's timestamps.
struct TimestampDecoder {};

/// SentencePiece's own decoding (sentencepiece_processor.cc, Decode) of the pieces between special tokens; each of
/// these stands as it is, and `after_special` behind it.
struct SentencePieceDecoder {
  enum class Kind : std::uint8_t { text, control, unknown, byte };
  struct Pieces {
    Vocabulary vocabulary;    // the file's
    std::vector<Kind> kinds;  // of each
    std::string unknown_surface;
    std::string after_special;
    bool opens_with_mark;   // a text's first U+2581 is no space
    bool opens_with_marks;  // nor are those of pieces that follow it without anything else
    std::set<std::string, std::less<>> specials;
  };
  std::shared_ptr<const Pieces> pieces;
};

using Decoder = std::variant<ByteLevelDecoder, ByteFallbackDecoder, FuseDecoder, MetaspaceDecoder, StripDecoder,
                             Replacement, JoinDecoder, WordPieceDecoder, BpeDecoder, CtcDecoder, TrimDecoder,
                             TimestampDecoder, SentencePieceDecoder>;

/// Every `from` becomes `to`; an empty `from` stands before each character and at the end, as in Rust.
inline void replace_all(std::string& text, std::string_view from, std::string_view to) {
  std::string result;
  if (from.empty()) {
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t size = unicode::utf8_size(text[i]);
      result.append(to).append(text, i, size);
      i += size;
    }
    text = result.append(to);
    return;
  }
  std::size_t done = 0;
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, done)) {
    result.append(text, done, at - done).append(to);
    done = at + from.size();
  }
  if (done == 0) return;
  text = result.append(text, done, std::string::npos);
}

/// What the clean-up of English text replaces, in this order; transformers leaves out `do not`.
inline constexpr std::pair<std::string_view, std::string_view> cleanup_steps[] = {
    {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},   {" n't", "n't"},
    {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
inline void clean_up(std::string& text) {
  for (const auto& [from, to] : cleanup_steps) replace_all(text, from, to);
}

inline int hex_digit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}
/// The byte that a text like "<0x41>" stands for, else -1. (The reference's parser of numbers takes a '+' too.)
inline int fallback_byte(std::string_view text) {
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return -1;
  const int low = hex_digit(text[4]);
  if (low < 0) return -1;
  if (text[3] == '+') return low;
  const int high = hex_digit(text[3]);
  return high < 0 ? -1 : high * 16 + low;
}

}  // namespace headformer::detail
