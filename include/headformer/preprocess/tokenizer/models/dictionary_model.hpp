#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "headformer/preprocess/tokenizer/models/bpe.hpp"
#include "headformer/preprocess/tokenizer/models/unigram.hpp"
#include "headformer/preprocess/tokenizer/models/vocabulary.hpp"
#include "headformer/preprocess/tokenizer/text_matcher.hpp"

namespace headformer::detail {

/// What encoding with a dictionary writes to beside the scratch of the model that cuts.
struct DictionaryScratch {
  struct Piece {
    TokenId id;
    std::size_t begin, end;
  };
  std::vector<Piece> pieces;
  std::string spelled;
  std::size_t offset = 0;  // of the stretch that is cut

  void token(TokenId id, std::size_t begin, std::size_t end) { pieces.push_back({id, offset + begin, offset + end}); }
};

/// A model that cuts words, and a dictionary that numbers the pieces by their texts: Marian's and fairseq's beside
/// SentencePiece's files. Immutable.
class DictionaryModel {
 public:
  using Cutter = std::variant<UnigramModel, BpeModel>;

  /// `continued` stands in the dictionary after each piece but a word's last ("@@"); `whole`, which may be nullptr, are
  /// pieces that are never cut: their ids are the cutter's.
  DictionaryModel(Vocabulary dictionary, TokenId unk, Cutter cutter, std::string continued,
                  std::shared_ptr<const TextMatcher> whole)
      : dictionary_(std::move(dictionary)),
        unk_(unk),
        cutter_(std::move(cutter)),
        continued_(std::move(continued)),
        whole_(std::move(whole)) {}

  const Vocabulary& vocabulary() const { return dictionary_; }
  TokenId unk() const { return unk_; }

  /// Gives a sink the tokens of one word: token(id, begin, end), bytes of the word.
  template <class Sink>
  void encode(std::string_view word, BpeScratch& bpe, UnigramScratch& unigram, DictionaryScratch& scratch,
              Sink& sink) const {
    scratch.pieces.clear();
    std::size_t done = 0;
    while (whole_ != nullptr) {
      const auto match = whole_->find(word, done);
      if (!match) break;
      cut(word.substr(done, match->begin - done), done, bpe, unigram, scratch);
      scratch.pieces.push_back({match->id, match->begin, match->end});
      done = match->end;
    }
    cut(word.substr(done), done, bpe, unigram, scratch);
    for (const DictionaryScratch::Piece& piece : scratch.pieces) {
      scratch.spelled = text_of(piece, word);
      if (piece.end < word.size()) scratch.spelled += continued_;
      const TokenId id = dictionary_.find(scratch.spelled);
      sink.token(id == Vocabulary::none ? unk_ : id, piece.begin, piece.end);
    }
  }

 private:
  void cut(std::string_view text, std::size_t offset, BpeScratch& bpe, UnigramScratch& unigram,
           DictionaryScratch& scratch) const {
    scratch.offset = offset;
    if (text.empty()) return;
    if (const auto* model = std::get_if<UnigramModel>(&cutter_)) return model->encode(text, unigram, scratch);
    std::get<BpeModel>(cutter_).encode(text, false, bpe, scratch);
  }
  /// What stands in the word, but for a byte its piece.
  std::string_view text_of(const DictionaryScratch::Piece& piece, std::string_view word) const {
    const Vocabulary& pieces =
        std::visit([](const auto& model) -> const Vocabulary& { return model.vocabulary(); }, cutter_);
    const std::string_view known = pieces.has(piece.id) ? pieces.text_of(piece.id) : std::string_view();
    return known.starts_with("<0x") ? known : word.substr(piece.begin, piece.end - piece.begin);
  }

  Vocabulary dictionary_;
  TokenId unk_;
  Cutter cutter_;
  std::string continued_;
  std::shared_ptr<const TextMatcher> whole_;
};

}  // namespace headformer::detail
