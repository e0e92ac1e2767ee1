#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "headformer/preprocess/encoding.hpp"
#include "headformer/preprocess/tokenizer/aligned_text.hpp"
#include "headformer/preprocess/tokenizer/models/vocabulary.hpp"
#include "headformer/preprocess/tokenizer/steps/post_processor.hpp"
#include "headformer/preprocess/unicode/properties.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

/// The white space at the ends of a token's text.
inline TokenSpaces spaces_of(std::string_view text) {
  TokenSpaces spaces;
  bool leading = true;
  for (std::size_t i = 0; i < text.size();) {
    const char32_t point = unicode::utf8_next(text, i);
    const bool space = point == 0x120 || unicode::is_space(point);  // U+0120: a space of the byte alphabet
    leading = leading && space;
    spaces.leading += leading;
    spaces.trailing = space ? spaces.trailing + 1 : 0;
  }
  return spaces;
}

/// Where the tokens of a text go: their ids and, when tracked, their places in it. One type for both, so that a program
/// holds the models' code once.
struct TokenSink {
  std::vector<TokenId> ids;
  bool tracked = false;

  // When tracked: what is known of the tokens, but for ids, and of the word whose tokens come.
  Encoding encoding;
  std::int32_t word = -1;
  std::span<const Origin> origins;  // of the word's bytes
  std::string_view text;            // the word
  CutTokens* cut = nullptr;
  TokenId cut_id = Vocabulary::none;  // whose text is what stands in the input: an added token, unigram's unknown one

  void token(TokenId id, std::size_t begin, std::size_t end) {
    ids.push_back(id);
    if (tracked) note_place(id, begin, end);
  }

 private:
  void note_place(TokenId id, std::size_t begin, std::size_t end) {
    encoding.word_ids.push_back(word);
    encoding.special_tokens_mask.push_back(id == cut_id ? cut->mark_of(spaces_of(text.substr(begin, end - begin)))
                                                        : std::uint8_t{0});
    TextOffsets offsets{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
    if (begin < end && end <= origins.size()) {
      offsets = {origins[begin].begin, origins[end - 1].end};
    } else if (begin == end && !origins.empty()) {
      offsets.begin += origins.front().begin;
      offsets.end += origins.front().begin;
    }
    encoding.offsets.push_back(offsets);
  }
};

}  // namespace headformer::detail
