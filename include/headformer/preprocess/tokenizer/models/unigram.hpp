#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/error.hpp"
#include "headformer/preprocess/tokenizer/models/byte_trie.hpp"
#include "headformer/preprocess/tokenizer/models/vocabulary.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

/// What encoding a word with a unigram model writes to.
struct UnigramScratch {
  struct End {
    double score = 0;
    std::uint32_t begin = 0;
    TokenId id = Vocabulary::none;  // none: no path ends here
  };
  std::vector<End> ends;  // of the best path to each byte
  std::vector<std::uint32_t> path;
};

/// How scores add up. SentencePiece's own encoder sums in single precision, which decides between paths that are about
/// equal; `tokenizers` in double.
struct UnigramSums {
  bool single_precision = false;
  std::optional<double> unknown;  // a character's without a piece; nothing: the least score - 10
};

/// Unigram language model (Kudo 2018, https://arxiv.org/abs/1804.10959) as `tokenizers` and SentencePiece encode with
/// it: the path of the greatest sum of scores by Viterbi, of several the one whose last piece begins first; characters
/// without a piece score the least score - 10. Time is the text's length times the longest piece's. Immutable.
class UnigramModel {
 public:
  /// `scores`: one for each id of the vocabulary, finite. `unk`: none where the file names none.
  UnigramModel(Vocabulary vocabulary, std::vector<double> scores, TokenId unk, bool byte_fallback,
               const UnigramSums& sums = {})
      : vocabulary_(std::move(vocabulary)),
        scores_(std::move(scores)),
        unk_(unk),
        byte_fallback_(byte_fallback),
        single_precision_(sums.single_precision) {
    double least = std::numeric_limits<double>::infinity();
    for (const double score : scores_) least = score < least ? score : least;
    unk_score_ = sums.unknown.value_or(least - 10.0);
    trie_ = ByteTrie(vocabulary_);
    for (unsigned byte = 0; byte < 256; ++byte) {
      constexpr const char* hex = "0123456789ABCDEF";
      fallback_[byte] = vocabulary_.find(std::string("<0x") + hex[byte >> 4] + hex[byte & 15] + '>');
    }
  }

  const Vocabulary& vocabulary() const { return vocabulary_; }
  TokenId unk() const { return unk_; }

  /// Gives a sink the tokens of one word: token(id, begin, end), bytes of the word. Throws ArgumentError when a
  /// character needs the unknown token and the model has none.
  template <class Sink>
  void encode(std::string_view word, UnigramScratch& scratch, Sink& sink) const {
    find_best_path(word, scratch);
    scratch.path.clear();
    for (std::size_t end = word.size(); end > 0; end = scratch.ends[end].begin)
      scratch.path.push_back(static_cast<std::uint32_t>(end));
    std::size_t unknown = word.size() + 1;  // where a run of unknown characters begins; none
    for (std::size_t i = scratch.path.size(); i-- > 0;) {
      const std::size_t end = scratch.path[i];
      const UnigramScratch::End& piece = scratch.ends[end];
      if (piece.id == unk_) {
        if (unknown > word.size()) unknown = piece.begin;
        if (i > 0) continue;
      }
      if (unknown <= word.size()) {
        const std::size_t until = piece.id == unk_ ? end : piece.begin;
        put_unknown(word.substr(unknown, until - unknown), unknown, sink);
        unknown = word.size() + 1;
      }
      if (piece.id != unk_) sink.token(piece.id, piece.begin, end);
    }
  }

 private:
  double kept(double sum) const { return single_precision_ ? static_cast<double>(static_cast<float>(sum)) : sum; }

  void find_best_path(std::string_view word, UnigramScratch& scratch) const {
    std::vector<UnigramScratch::End>& ends = scratch.ends;
    ends.assign(word.size() + 1, {});
    const auto offer = [&](std::size_t end, std::size_t begin, double score, TokenId id) {
      UnigramScratch::End& best = ends[end];
      if (best.id == Vocabulary::none || score > best.score) best = {score, static_cast<std::uint32_t>(begin), id};
    };
    for (std::size_t begin = 0; begin < word.size();) {
      const std::size_t size = unicode::utf8_size(word[begin]);
      const double here = ends[begin].score;
      bool single = false;
      std::uint32_t node = ByteTrie::root;
      for (std::size_t i = begin; i < word.size();) {
        node = trie_.next(node, word[i++]);
        if (node == ByteTrie::nowhere) break;
        const TokenId id = trie_.value(node);
        if (id == Vocabulary::none) continue;
        offer(i, begin, kept(scores_[static_cast<std::size_t>(id)] + here), id);
        single = single || i == begin + size;
      }
      if (!single) {
        const UnigramScratch::End& best = ends[begin + size];
        if (unk_ == Vocabulary::none && (best.id == Vocabulary::none || unk_score_ + here > best.score))
          throw ArgumentError("tokenizer: expected characters of the vocabulary, as it has no unknown token, found " +
                              detail::quoted(word.substr(begin, size)));
        offer(begin + size, begin, kept(unk_score_ + here), unk_);
      }
      begin += size;
    }
  }

  /// A run of unknown characters: a piece if it spells one, else its bytes' own pieces, else one unknown token.
  template <class Sink>
  void put_unknown(std::string_view text, std::size_t begin, Sink& sink) const {
    const std::size_t end = begin + text.size();
    if (const TokenId id = vocabulary_.find(text); id != Vocabulary::none) return sink.token(id, begin, end);
    bool all = byte_fallback_;
    for (std::size_t i = 0; i < text.size() && all; ++i)
      all = fallback_[static_cast<unsigned char>(text[i])] != Vocabulary::none;
    if (!all) return sink.token(unk_, begin, end);
    for (const char c : text) sink.token(fallback_[static_cast<unsigned char>(c)], begin, end);
  }

  Vocabulary vocabulary_;
  std::vector<double> scores_;
  TokenId unk_;
  bool byte_fallback_;
  bool single_precision_;
  double unk_score_ = 0;
  ByteTrie trie_;
  std::array<TokenId, 256> fallback_{};
};

}  // namespace headformer::detail
