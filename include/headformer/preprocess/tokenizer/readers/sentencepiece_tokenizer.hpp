#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/preprocess/tokenizer/models/merges.hpp"
#include "headformer/preprocess/tokenizer/models/model.hpp"
#include "headformer/preprocess/tokenizer/readers/json_normalizers.hpp"
#include "headformer/preprocess/tokenizer/readers/published_class.hpp"
#include "headformer/preprocess/tokenizer/readers/published_components.hpp"
#include "headformer/preprocess/tokenizer/readers/sentencepiece_model.hpp"
#include "headformer/preprocess/tokenizer/readers/special_tokens.hpp"

namespace headformer::detail {

/// A piece of a vocabulary that is put together from a SentencePiece file and what a class puts around it.
struct ScoredPiece {
  std::string text;
  double score = 0;
};

/// The pieces in the order of a class's ids: fairseq's begin with its own special tokens, T5's end with its sentinels
/// (transformers' convert_slow_tokenizer, `convert_from_spm`).
HEADFORMER_COLD inline std::vector<ScoredPiece> class_pieces(const SentencePieceModel& file, PublishedClass kind,
                                                             const SpecialTokens& specials, const JsonObject& config) {
  using Class = PublishedClass;
  std::vector<ScoredPiece> pieces;
  const auto put = [&](const char* role, const char* fallback) {
    const AddedToken* token = specials.find(std::string(role) + "_token");
    pieces.push_back({token == nullptr ? fallback : token->content, 0});
  };
  const auto put_languages = [&](std::string_view codes) {
    for (; !codes.empty(); codes.remove_prefix(6)) pieces.push_back({std::string(codes.substr(0, 5)), 0});
  };
  const auto put_file = [&](std::size_t first) {
    for (std::size_t i = first; i < file.pieces.size(); ++i)
      pieces.push_back({std::string(file.pieces[i].text), static_cast<double>(file.pieces[i].score)});
  };
  switch (kind) {
    case Class::xlm_roberta:
    case Class::mbart:
    case Class::mbart50:
      kind == Class::mbart50 ? put("cls", "<s>") : put("bos", "<s>");
      put("pad", "<pad>");
      put("eos", "</s>");
      put("unk", "<unk>");
      put_file(3);
      if (kind != Class::xlm_roberta) put_languages(mbart_languages);
      if (kind == Class::mbart50) put_languages(mbart50_languages);
      put("mask", "<mask>");
      break;
    case Class::camembert:
      pieces.push_back({"<s>NOTUSED", 0});
      put("pad", "<pad>");
      pieces.push_back({"</s>NOTUSED", 0});
      put("unk", "<unk>");
      pieces.push_back({"<unk>NOTUSED", -100});
      put_file(1);
      put("mask", "<mask>");
      break;
    case Class::nllb: {
      put("bos", "<s>");
      put("pad", "<pad>");
      put("eos", "</s>");
      put("unk", "<unk>");
      const std::vector<ScoredPiece> head = pieces;
      for (const SentencePieceModel::Piece& piece : file.pieces)
        if (std::none_of(head.begin(), head.end(), [&](const auto& h) { return h.text == piece.text; }))
          pieces.push_back({std::string(piece.text), static_cast<double>(piece.score)});
      break;
    }
    case Class::pegasus: {
      put("pad", "<pad>");
      put("eos", "</s>");
      // As convert_from_spm names them where the configuration does not: the other way round than the class does.
      const auto put_mask = [&](const char* key, const char* fallback) {
        const Json* named = config.find(key);
        if (named != nullptr && named->is_null()) return;
        const std::string text = named != nullptr && named->is_object() ? config.object(key).string("content")
                                                                        : config.string_or(key, fallback);
        if (pieces.back().text != text) pieces.push_back({text, 0});
      };
      put_mask("mask_token", "<mask_1>");
      put_mask("mask_token_sent", "<mask_2>");
      for (Index i = 2; i < config.integer_or("offset", 103, 0, 1 << 16); ++i)
        pieces.push_back({"<unk_" + std::to_string(i) + ">", -100});
      put_file(2);
      break;
    }
    case Class::t5:
      put_file(0);
      for (Index i = config.integer_or("extra_ids", 100, 0, 1 << 16); i-- > 0;)
        pieces.push_back({"<extra_id_" + std::to_string(i) + ">", 0});
      break;
    default:
      put_file(0);
  }
  return pieces;
}

/// The model of a SentencePiece file in the flags of a class. As transformers has it, byte pair merges are those of
/// generate_merges without scores: by the id of the result. `unk_id` < 0: the class's own.
HEADFORMER_COLD inline Model sentencepiece_model(const SentencePieceModel& file, const std::vector<ScoredPiece>& pieces,
                                                 const PublishedComponents& parts, const std::string& unk_token,
                                                 TokenId unk_id, bool byte_fallback, const std::string& name) {
  Vocabulary vocabulary(pieces.size());
  std::vector<double> scores;
  for (const ScoredPiece& piece : pieces) {
    vocabulary.add_copy(static_cast<TokenId>(scores.size()), piece.text);
    scores.push_back(piece.score);
  }
  if (std::string_view(parts.model) == "BPE") {
    std::vector<std::uint32_t> ranks(pieces.size());
    std::iota(ranks.begin(), ranks.end(), 0U);
    return Model(BpeModel(std::move(vocabulary), ImpliedMerges(std::move(ranks), MergeTies::shorter_left), parts.bpe));
  }
  if (std::string_view(parts.model) != "Unigram")
    throw FormatError(name + ": expected a file for a class of " + std::string(parts.model) +
                      ", found SentencePiece's");
  if (unk_id < 0) {
    unk_id = parts.unk_id;
    const TokenId found = parts.unk_by_text ? vocabulary.find(unk_token) : Vocabulary::none;
    if (found != Vocabulary::none && scores[static_cast<std::size_t>(found)] == 0) unk_id = found;
  }
  if (static_cast<std::size_t>(unk_id) >= scores.size())
    throw FormatError(name + ": pieces: expected one at " + std::to_string(unk_id) + " for what is unknown, found " +
                      std::to_string(file.pieces.size()));
  return Model(UnigramModel(std::move(vocabulary), std::move(scores), unk_id, byte_fallback));
}

/// What transformers puts around a SentencePiece model for which it has no class.
HEADFORMER_COLD inline PublishedComponents plain_sentencepiece_components(const SentencePieceModel& file,
                                                                          std::shared_ptr<const Charsmap> charsmap) {
  PublishedComponents parts;
  parts.model = file.algorithm == SentencePieceModel::Algorithm::bpe ? "BPE" : "Unigram";
  parts.bpe.unk_token = file.unk_piece;
  parts.bpe.fuse_unk = true;
  parts.bpe.byte_fallback = file.byte_fallback;
  if (charsmap) parts.normalizers.push_back(PrecompiledNormalizer{std::move(charsmap)});
  parts.normalizers.push_back(Replacement::of_text(" ", "\u2581"));
  parts.decoders = {Replacement::of_text("\u2581", " ")};
  if (file.byte_fallback) parts.decoders = sentencepiece_decoders(false);
  return parts;
}

/// Control and user-defined pieces, which become added tokens.
HEADFORMER_COLD inline std::vector<AddedToken> sentencepiece_added_tokens(const SentencePieceModel& file) {
  std::vector<AddedToken> tokens;
  for (const SentencePieceModel::Piece& piece : file.pieces) {
    if (piece.type != SentencePieceModel::control && piece.type != SentencePieceModel::user_defined) continue;
    AddedToken& token = tokens.emplace_back();
    token.content = piece.text;
    token.special = piece.type == SentencePieceModel::control;
    token.normalized = false;
  }
  return tokens;
}

}  // namespace headformer::detail
