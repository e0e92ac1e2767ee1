#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "headformer/core/error.hpp"
#include "headformer/preprocess/tokenizer/models/byte_trie.hpp"
#include "headformer/preprocess/tokenizer/models/vocabulary.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

/// The unknown token of a model that needs one only when it meets what it does not know.
class UnknownToken {
 public:
  UnknownToken(const Vocabulary& vocabulary, std::string text) : text_(std::move(text)), id_(vocabulary.find(text_)) {}

  /// Throws ArgumentError when the vocabulary does not have it.
  TokenId id(std::string_view word) const {
    if (id_ == Vocabulary::none)
      throw ArgumentError("tokenizer: expected words of the vocabulary, which lacks its unk_token " +
                          detail::quoted(text_) + ", found " + detail::quoted(word));
    return id_;
  }

 private:
  std::string text_;
  TokenId id_;
};

/// Greedy longest-match pieces (Wu et al. 2016, https://arxiv.org/abs/1609.08144, as BERT has it): the first piece of a
/// word as it is, the others with a prefix. Immutable.
class WordPieceModel {
 public:
  struct Options {
    std::string unk_token = "[UNK]";
    std::string continuing_subword_prefix = "##";
    std::size_t max_input_chars_per_word = 100;  // a longer word is unknown
  };

  WordPieceModel(Vocabulary vocabulary, const Options& options)
      : vocabulary_(std::move(vocabulary)),
        unknown_(vocabulary_, options.unk_token),
        most_(options.max_input_chars_per_word),
        prefix_(options.continuing_subword_prefix) {
    trie_ = ByteTrie(vocabulary_);
    continuing_ = trie_.walk(prefix_);
  }

  const Vocabulary& vocabulary() const { return vocabulary_; }
  std::string_view continuing_prefix() const { return prefix_; }

  /// Gives a sink the tokens of one word: token(id, begin, end), bytes of the word.
  template <class Sink>
  void encode(std::string_view word, Sink& sink) const {
    if (word.size() > most_ && unicode::utf8_length(word) > most_) return sink.token(unknown_.id(word), 0, word.size());
    for (std::size_t begin = 0; begin < word.size();)  // first whether all of it has pieces
      if (!longest(word, begin)) return sink.token(unknown_.id(word), 0, word.size());
    for (std::size_t begin = 0; begin < word.size();) {
      const std::size_t from = begin;
      const TokenId id = *longest(word, begin);
      sink.token(id, from, begin);
    }
  }

 private:
  /// The longest piece at `begin`, which moves past it.
  std::optional<TokenId> longest(std::string_view word, std::size_t& begin) const {
    std::uint32_t node = begin == 0 ? ByteTrie::root : continuing_;
    std::optional<TokenId> found;
    std::size_t end = begin;
    for (std::size_t i = begin; i < word.size() && node != ByteTrie::nowhere;) {
      node = trie_.next(node, word[i++]);
      if (node == ByteTrie::nowhere) break;
      if (const TokenId id = trie_.value(node); id != Vocabulary::none) {
        found = id;
        end = i;
      }
    }
    begin = end;
    return found;
  }

  Vocabulary vocabulary_;
  UnknownToken unknown_;
  std::size_t most_;
  std::string prefix_;
  ByteTrie trie_;
  std::uint32_t continuing_ = ByteTrie::nowhere;  // where the prefix leads
};

/// A word is a piece or unknown. Immutable.
class WordLevelModel {
 public:
  WordLevelModel(Vocabulary vocabulary, std::string unk_token)
      : vocabulary_(std::move(vocabulary)), unknown_(vocabulary_, std::move(unk_token)) {}

  const Vocabulary& vocabulary() const { return vocabulary_; }

  template <class Sink>
  void encode(std::string_view word, Sink& sink) const {
    const TokenId id = vocabulary_.find(word);
    sink.token(id == Vocabulary::none ? unknown_.id(word) : id, 0, word.size());
  }

 private:
  Vocabulary vocabulary_;
  UnknownToken unknown_;
};

}  // namespace headformer::detail
