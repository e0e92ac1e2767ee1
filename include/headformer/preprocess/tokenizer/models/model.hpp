#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <variant>

#include "headformer/preprocess/tokenizer/models/bpe.hpp"
#include "headformer/preprocess/tokenizer/models/dictionary_model.hpp"
#include "headformer/preprocess/tokenizer/models/unigram.hpp"
#include "headformer/preprocess/tokenizer/models/word_models.hpp"

namespace headformer::detail {

/// What encoding a word writes to, whatever the model.
struct ModelScratch {
  BpeScratch bpe;
  UnigramScratch unigram;
  DictionaryScratch dictionary;
};

/// The model of a tokenizer: words to tokens. Immutable.
class Model {
 public:
  using Kind = std::variant<BpeModel, UnigramModel, WordPieceModel, WordLevelModel, DictionaryModel>;

  Model(Kind kind) : kind_(std::move(kind)) {}  // NOLINT(google-explicit-constructor): a model is one of its kinds

  const Vocabulary& vocabulary() const {
    return std::visit([](const auto& model) -> const Vocabulary& { return model.vocabulary(); }, kind_);
  }
  /// The merges' model, or nullptr.
  const BpeModel* bpe() const { return std::get_if<BpeModel>(&kind_); }

  /// What pieces inside a word begin with; empty where the model does not mark them.
  std::string_view continuing_prefix() const {
    if (const auto* bpe = std::get_if<BpeModel>(&kind_)) return bpe->continuing_prefix();
    const auto* pieces = std::get_if<WordPieceModel>(&kind_);
    return pieces == nullptr ? std::string_view() : pieces->continuing_prefix();
  }

  /// The unknown token where its text in an encoding is that of the input (Unigram); none elsewhere.
  TokenId unknown_as_text() const {
    const auto* unigram = std::get_if<UnigramModel>(&kind_);
    return unigram == nullptr ? Vocabulary::none : unigram->unk();
  }

  /// Gives a sink the tokens of one word, not empty: token(id, begin, end), bytes of the word. `as_bytes`: see
  /// BpeModel.
  template <class Sink>
  void encode(std::string_view word, bool as_bytes, ModelScratch& scratch, Sink& sink) const {
    if (const auto* bpe = std::get_if<BpeModel>(&kind_)) return bpe->encode(word, as_bytes, scratch.bpe, sink);
    if (const auto* unigram = std::get_if<UnigramModel>(&kind_)) return unigram->encode(word, scratch.unigram, sink);
    if (const auto* pieces = std::get_if<WordPieceModel>(&kind_)) return pieces->encode(word, sink);
    if (const auto* dictionary = std::get_if<DictionaryModel>(&kind_))
      return dictionary->encode(word, scratch.bpe, scratch.unigram, scratch.dictionary, sink);
    std::get<WordLevelModel>(kind_).encode(word, sink);
  }

 private:
  Kind kind_;
};

}  // namespace headformer::detail
