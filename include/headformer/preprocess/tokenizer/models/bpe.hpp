#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "headformer/core/error.hpp"
#include "headformer/preprocess/tokenizer/models/merges.hpp"
#include "headformer/preprocess/tokenizer/models/vocabulary.hpp"
#include "headformer/preprocess/tokenizer/steps/byte_alphabet.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

/// What a BPE model does beside merging. Names and meanings of tokenizer.json.
struct BpeOptions {
  std::string unk_token;                  // stands for a character without a piece; empty: it is left out
  std::string continuing_subword_prefix;  // before each character but a word's first
  std::string end_of_word_suffix;         // after a word's last character
  bool fuse_unk = false;                  // neighbouring unknown characters become one unknown token
  bool byte_fallback = false;             // before that: the bytes' own pieces <0x00> to <0xFF>
  bool ignore_merges = false;             // a word that is a piece is that piece
};

/// The ids of characters, as they were asked for: one place a character, the later one stays.
class CharacterCache {
 public:
  template <class Find>
  TokenId find(char32_t point, const Find& find) {
    Entry& entry = entries_[(point ^ point >> 10) % entries_.size()];
    if (entry.point != point) entry = {point, find()};
    return entry.id;
  }

 private:
  struct Entry {
    char32_t point = 0xFFFFFFFFu;
    TokenId id = Vocabulary::none;
  };
  std::array<Entry, 1024> entries_;
};

/// What encoding a word writes to; one for each thread that encodes.
struct BpeScratch {
  BpeMerger merger;
  PairCache pairs;
  CharacterCache characters;
  std::string spelled;
};

/// Byte pair encoding (Sennrich et al. 2016, https://arxiv.org/abs/1508.07909) as `tokenizers` has it. (Its `dropout`
/// is for training; here it is left aside, so that a text always has the same tokens.) Immutable.
class BpeModel {
 public:
  using Merges = std::variant<MergeTable, ImpliedMerges>;

  BpeModel(Vocabulary vocabulary, Merges merges, BpeOptions options)
      : vocabulary_(std::move(vocabulary)), merges_(std::move(merges)), options_(std::move(options)) {
    for (TokenId id = 0; static_cast<std::size_t>(id) < vocabulary_.size(); ++id)
      if (vocabulary_.has(id)) note_marks(vocabulary_.text_of(id));
    unk_ = options_.unk_token.empty() ? Vocabulary::none : vocabulary_.find(options_.unk_token);
    for (unsigned byte = 0; byte < 256; ++byte) {
      letter_[byte] = vocabulary_.find(ByteAlphabet::get().character(static_cast<unsigned char>(byte)));
      constexpr const char* hex = "0123456789ABCDEF";
      const std::string piece = std::string("<0x") + hex[byte >> 4] + hex[byte & 15] + '>';
      fallback_[byte] = vocabulary_.find(piece);
    }
    // A character that is left out would let its neighbours merge.
    const bool all_bytes = std::count(fallback_.begin(), fallback_.end(), Vocabulary::none) == 0;
    const bool all_known = unk_ != Vocabulary::none || (options_.byte_fallback && all_bytes);
    divisible_ = all_known && !options_.ignore_merges && options_.continuing_subword_prefix.empty() &&
                 options_.end_of_word_suffix.empty() && vocabulary_.find(mark) != Vocabulary::none;
  }

  const Vocabulary& vocabulary() const { return vocabulary_; }
  std::string_view continuing_prefix() const { return options_.continuing_subword_prefix; }

  /// Gives a sink the tokens of one word, valid UTF-8 of less than 2 GiB: token(id, begin, end), bytes of the word.
  /// `as_bytes`: each byte of it is one character of the byte alphabet, as if the word had been spelled in it. Throws
  /// ArgumentError when a character needs the unknown token and the vocabulary does not have it.
  template <class Sink>
  void encode(std::string_view word, bool as_bytes, BpeScratch& scratch, Sink& sink) const {
    if (word.empty()) return;
    if (options_.ignore_merges) {
      std::string_view whole = word;
      if (as_bytes) {
        scratch.spelled.clear();
        ByteAlphabet::get().append_spelled(scratch.spelled, word);
        whole = scratch.spelled;
      }
      if (const TokenId id = vocabulary_.find(whole); id != Vocabulary::none) return sink.token(id, 0, word.size());
    }
    BpeMerger& merger = scratch.merger;
    merger.clear();
    split(word, as_bytes, scratch);
    if (const auto* table = std::get_if<MergeTable>(&merges_)) {
      merger.run([&](const BpeSymbol& a, const BpeSymbol& b) { return table->find(a, b, word); });
    } else {
      const auto& implied = std::get<ImpliedMerges>(merges_);
      merger.run([&](const BpeSymbol& a, const BpeSymbol& b) {
        if (!implied.may_merge(vocabulary_, a, b, word)) return BpeMerge{};
        return scratch.pairs.find(a.id, b.id, [&] { return implied.find(vocabulary_, a, b, word); });
      });
    }
    // Places by the sizes of what came before, as the reference has them: what has no token is not counted.
    std::size_t at = 0;
    for (const BpeSymbol& symbol : merger.symbols) {
      if (symbol.size == 0) continue;
      sink.token(symbol.id, at, at + symbol.size);
      at += symbol.size;
    }
  }

  /// Where the first part of a word ends whose tokens do not depend on what follows: before a U+2581 that no piece has
  /// after the character there. A SentencePiece-style model sees whole lines as one word; this cuts them into words.
  std::size_t independent_prefix(std::string_view word) const {
    if (!divisible_) return word.size();
    for (std::size_t at = word.find(mark, 1); at != std::string_view::npos; at = word.find(mark, at + mark.size()))
      if (!before_mark_[static_cast<unsigned char>(word[at - 1])]) return at;
    return word.size();
  }

 private:
  static constexpr std::string_view mark = "\u2581";

  /// Notes the last bytes of the characters that stand before a mark in a piece.
  void note_marks(std::string_view piece) {
    if (piece.size() <= mark.size()) return;
    for (std::size_t at = piece.find(mark, 1); at != std::string_view::npos; at = piece.find(mark, at + mark.size()))
      before_mark_[static_cast<unsigned char>(piece[at - 1])] = true;
  }

  /// The word's characters as the symbols to merge.
  void split(std::string_view word, bool as_bytes, BpeScratch& scratch) const {
    BpeMerger& merger = scratch.merger;
    const bool plain = options_.continuing_subword_prefix.empty() && options_.end_of_word_suffix.empty();
    std::optional<TextOfUnknown> unknown;
    const auto flush = [&] {
      if (unknown) merger.add(unk_, unknown->begin, unknown->size, true);
      unknown.reset();
    };
    for (std::size_t begin = 0; begin < word.size();) {
      const std::size_t size = as_bytes ? 1 : unicode::utf8_size(word[begin]);
      const std::size_t end = begin + size;
      std::string_view text =
          as_bytes ? ByteAlphabet::get().character(static_cast<unsigned char>(word[begin])) : word.substr(begin, size);
      std::string decorated;
      if (!plain) {
        if (begin > 0) decorated = options_.continuing_subword_prefix;
        decorated += text;
        if (end == word.size()) decorated += options_.end_of_word_suffix;
        text = decorated;
      }
      const TokenId id = !plain ? vocabulary_.find(text)
                         : as_bytes
                             ? letter_[static_cast<unsigned char>(word[begin])]
                             : scratch.characters.find(character_of(text), [&] { return vocabulary_.find(text); });
      if (id != Vocabulary::none) {
        flush();
        merger.add(id, begin, size, false);
      } else if (options_.byte_fallback && has_fallback(text)) {
        // As in the reference, an unknown run that came before is not flushed by bytes: it comes after them.
        // (A byte symbol takes one byte of the text, whatever prefix was put before it.)
        for (std::size_t i = 0; i < text.size(); ++i)
          merger.add(fallback_[static_cast<unsigned char>(text[i])], begin, 1, true);
      } else if (!options_.unk_token.empty()) {
        if (unk_ == Vocabulary::none)
          throw ArgumentError("tokenizer: expected characters of the vocabulary, which lacks its unk_token " +
                              detail::quoted(options_.unk_token) + ", found " + detail::quoted(text));
        if (unknown && options_.fuse_unk) {
          unknown->size += size;
        } else {
          flush();
          unknown = TextOfUnknown{begin, size};
        }
      }
      begin = end;
    }
    flush();
  }

  static char32_t character_of(std::string_view text) {
    std::size_t i = 0;
    return unicode::utf8_next(text, i);
  }

  struct TextOfUnknown {
    std::size_t begin, size;
  };
  bool has_fallback(std::string_view text) const {
    for (const char c : text)
      if (fallback_[static_cast<unsigned char>(c)] == Vocabulary::none) return false;
    return true;
  }

  Vocabulary vocabulary_;
  Merges merges_;
  BpeOptions options_;
  TokenId unk_ = Vocabulary::none;
  bool divisible_ = false;
  std::array<bool, 256> before_mark_{};
  std::array<TokenId, 256> letter_{};    // of the byte alphabet
  std::array<TokenId, 256> fallback_{};  // <0x00> to <0xFF>
};

}  // namespace headformer::detail
