#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/core/mapped_file.hpp"
#include "headformer/core/stable_sort.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/preprocess/tokenizer/models/dictionary_model.hpp"
#include "headformer/preprocess/tokenizer/models/model.hpp"
#include "headformer/preprocess/tokenizer/readers/json_normalizers.hpp"
#include "headformer/preprocess/tokenizer/readers/published_class.hpp"
#include "headformer/preprocess/tokenizer/readers/published_components.hpp"
#include "headformer/preprocess/tokenizer/readers/sentencepiece_model.hpp"
#include "headformer/preprocess/tokenizer/readers/special_tokens.hpp"
#include "headformer/preprocess/tokenizer/readers/vocabulary_files.hpp"

namespace headformer::detail {

// The tokenizers that transformers runs in Python: a file that cuts texts, and a dictionary, vocab.json, of ids.

/// What such a class has in the place of a tokenizer.json.
struct DictionaryParts {
  Model model;
  PublishedComponents components;
  std::optional<Vocabulary> target = std::nullopt;
  std::optional<LeadingCode> leading_code = std::nullopt;
};

/// Refuses what no published model has and what is not written here.
HEADFORMER_COLD inline void expect_usual_spaces(const SentencePieceModel& file, const std::string& name) {
  const auto fail = [&](const char* key, const char* expected, const char* found) {
    throw FormatError(name + ": " + key + ": expected " + expected + ", found " + found);
  };
  if (!file.escape_whitespaces) fail("normalizer_spec.escape_whitespaces", "true", "false");
  if (file.treat_whitespace_as_suffix) fail("trainer_spec.treat_whitespace_as_suffix", "false", "true");
  if (file.denormalizes) fail("denormalizer_spec.precompiled_charsmap", "none", "one");
}

/// The user-defined pieces, which are never cut; nullptr where there are none.
HEADFORMER_COLD inline std::shared_ptr<const TextMatcher> user_defined_pieces(const SentencePieceModel& file) {
  std::map<std::string_view, TokenId> whole;
  for (std::size_t i = 0; i < file.pieces.size(); ++i)
    if (file.pieces[i].type == SentencePieceModel::user_defined && !file.pieces[i].text.empty())
      whole.emplace(file.pieces[i].text, static_cast<TokenId>(i));
  return whole.empty() ? nullptr : std::make_shared<const TextMatcher>(whole);
}

/// How SentencePiece itself cuts a text with this file (unigram_model.cc, bpe_model.cc).
HEADFORMER_COLD inline DictionaryModel::Cutter sentencepiece_cutter(const SentencePieceModel& file,
                                                                    const Bytes& bytes) {
  using Type = SentencePieceModel::Type;
  // Control and unused pieces are found in no text; nor is the unknown one, whose text here is no UTF-8.
  const std::string unknown = "\xFF";
  Vocabulary vocabulary(file.pieces.size(), std::make_shared<const Bytes>(bytes));
  std::vector<double> scores;
  float least = std::numeric_limits<float>::max();
  float most = std::numeric_limits<float>::min();
  TokenId unk = Vocabulary::none;
  for (const SentencePieceModel::Piece& piece : file.pieces) {
    const auto id = static_cast<TokenId>(scores.size());
    scores.push_back(static_cast<double>(piece.score));
    if (piece.type == Type::normal) {
      least = std::min(least, piece.score);
      most = std::max(most, piece.score);
    }
    if (piece.type == Type::normal || piece.type == Type::user_defined || piece.type == Type::byte)
      vocabulary.add(id, piece.text);
    if (piece.type == Type::unknown) vocabulary.add_copy(unk = id, unknown);
  }
  if (unk == Vocabulary::none)
    throw FormatError(bytes.name() + ": pieces: expected one of type 2 (unknown), found none");
  if (file.algorithm == SentencePieceModel::Algorithm::unigram) {
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const auto length = static_cast<float>(file.pieces[i].text.size());
      if (file.pieces[i].type == Type::user_defined) scores[i] = static_cast<double>(length * most) - 0.1;
    }
    const UnigramSums sums{true, static_cast<double>(least - 10.0F)};
    return UnigramModel(std::move(vocabulary), std::move(scores), unk, file.byte_fallback, sums);
  }
  std::vector<std::uint32_t> by_score(scores.size());
  std::iota(by_score.begin(), by_score.end(), 0U);
  detail::stable_sort(by_score.begin(), by_score.end(),
                      [&](std::uint32_t a, std::uint32_t b) { return scores[a] > scores[b]; });
  std::vector<std::uint32_t> ranks(scores.size());
  for (std::size_t i = 0; i < by_score.size(); ++i) {
    const bool tied = i > 0 && scores[by_score[i]] == scores[by_score[i - 1]];
    ranks[by_score[i]] = tied ? ranks[by_score[i - 1]] : static_cast<std::uint32_t>(i);
  }
  BpeOptions options;
  options.unk_token = unknown;
  options.fuse_unk = true;
  options.byte_fallback = file.byte_fallback;
  return BpeModel(std::move(vocabulary), ImpliedMerges(std::move(ranks), MergeTies::leftmost), options);
}

HEADFORMER_COLD inline SentencePieceNormalizer sentencepiece_normalizer(const SentencePieceModel& file,
                                                                        const std::string& name) {
  std::shared_ptr<const Charsmap> map;
  if (!file.charsmap.empty())
    map = precompiled_normalizer(file.charsmap, name + ": normalizer_spec.precompiled_charsmap").map;
  return {std::move(map), user_defined_pieces(file), file.add_dummy_prefix, file.remove_extra_whitespaces};
}

HEADFORMER_COLD inline SentencePieceDecoder sentencepiece_decoder(const SentencePieceModel& file,
                                                                  const SpecialTokens& specials,
                                                                  std::string after_special) {
  using Type = SentencePieceModel::Type;
  using Kind = SentencePieceDecoder::Kind;
  Vocabulary vocabulary(file.pieces.size());
  std::vector<Kind> kinds;
  for (const SentencePieceModel::Piece& piece : file.pieces) {
    vocabulary.add_copy(static_cast<TokenId>(kinds.size()), std::string(piece.text));
    kinds.push_back(piece.type == Type::control   ? Kind::control
                    : piece.type == Type::unknown ? Kind::unknown
                    : piece.type == Type::byte    ? Kind::byte
                                                  : Kind::text);
  }
  std::set<std::string, std::less<>> names;
  for (const AddedToken& token : specials.all()) names.insert(token.content);
  return {std::make_shared<const SentencePieceDecoder::Pieces>(SentencePieceDecoder::Pieces{
      std::move(vocabulary), std::move(kinds), file.unk_surface, std::move(after_special),
      file.add_dummy_prefix || file.remove_extra_whitespaces, file.remove_extra_whitespaces, std::move(names)})};
}

/// The ids that M2M-100's class has for languages behind those of the dictionary, where the checkpoint does not list
/// them among its special tokens.
HEADFORMER_COLD inline void add_languages(Vocabulary& dictionary, const SpecialTokens& specials,
                                          const JsonObject& config) {
  const std::string set = config.string_or("language_codes", "m2m100");
  if (set != "m2m100" && set != "wmt21") config.fail("language_codes", "m2m100 or wmt21");
  std::string_view codes = set == "wmt21" ? wmt21_languages : m2m_100_languages;
  auto id = static_cast<TokenId>(dictionary.count());
  for (; !codes.empty(); codes.remove_prefix(codes.find(' ') + 1), ++id) {
    const std::string token = "__" + std::string(codes.substr(0, codes.find(' '))) + "__";
    if (!specials.names(token)) dictionary.add_copy(id, token);
  }
}

/// The id of what the dictionary does not have.
HEADFORMER_COLD inline TokenId unknown_of(const Vocabulary& dictionary, const SpecialTokens& specials,
                                          const std::string& name) {
  const AddedToken* token = specials.find("unk_token");
  const std::string text = token == nullptr ? "<unk>" : token->content;
  const TokenId id = dictionary.find(text);
  if (id == Vocabulary::none)
    throw FormatError(name + ": expected the unknown token " + detail::quoted(text) + ", found none among " +
                      std::to_string(dictionary.count()) + " pieces");
  return id;
}

/// Marian's and M2M-100's.
HEADFORMER_COLD inline DictionaryParts read_sentencepiece_dictionary(const FileReader& files, PublishedClass kind,
                                                                     const SpecialTokens& specials,
                                                                     const JsonObject& config) {
  const bool marian = kind == PublishedClass::marian;
  const Bytes source = files(marian ? "source.spm" : "sentencepiece.bpe.model");
  const SentencePieceModel file = SentencePieceModel::parse(source);
  expect_usual_spaces(file, source.name());
  const Bytes words = files("vocab.json");
  Vocabulary dictionary = read_vocabulary_json(words);
  const TokenId unk_id = unknown_of(dictionary, specials, words.name());
  std::optional<Vocabulary> target;
  PublishedComponents components;
  components.decoders = {sentencepiece_decoder(file, specials, marian ? " " : "")};
  if (marian && config.boolean_or("separate_vocabs", false)) {
    const Bytes target_file = files("target.spm");
    const Bytes target_words = files("target_vocab.json");
    target = read_vocabulary_json(target_words);
    const SentencePieceModel target_pieces = SentencePieceModel::parse(target_file);
    components.decoders = {sentencepiece_decoder(target_pieces, specials, " ")};
    // An id past the dictionary is the file's own.
    for (TokenId id = 0; static_cast<std::size_t>(id) < target_pieces.pieces.size(); ++id)
      if (!target->has(id)) target->add_copy(id, std::string(target_pieces.pieces[static_cast<std::size_t>(id)].text));
  }
  if (marian) components.decoders.push_back(Replacement::of_text("\u2581", " "));
  if (!marian) add_languages(dictionary, specials, config);
  components.decoders.push_back(TrimDecoder{});
  components.normalizers = {sentencepiece_normalizer(file, source.name())};
  const bool bpe = file.algorithm == SentencePieceModel::Algorithm::bpe;
  DictionaryModel model(std::move(dictionary), unk_id, sentencepiece_cutter(file, source), "",
                        bpe ? user_defined_pieces(file) : nullptr);
  return {Model(std::move(model)), std::move(components), std::move(target),
          marian ? std::optional(LeadingCode{">>", "<<"}) : std::nullopt};
}

/// The small Blenderbot's: words to pieces by merges.txt, whose symbols end words with "</w>", where the dictionary
/// has "@@" behind all but the last.
HEADFORMER_COLD inline DictionaryParts read_blenderbot_small(const FileReader& files, const SpecialTokens& specials) {
  const Bytes words = files("vocab.json");
  const Bytes lines = files("merges.txt");
  Vocabulary dictionary = read_vocabulary_json(words);
  const TokenId unk_id = unknown_of(dictionary, specials, words.name());
  const std::string unknown = "\xFF";
  Vocabulary symbols(dictionary.size());
  symbols.add_copy(0, unknown);
  each_line(lines, [&](std::string_view line, std::size_t) {
    const std::size_t space = line.find(' ');
    if (line.starts_with("#version") || space == std::string_view::npos) return;
    const std::string_view left = line.substr(0, space);
    const std::string_view right = line.substr(space + 1);
    for (const std::string& symbol : {std::string(left), std::string(right), std::string(left) + std::string(right)})
      if (symbols.find(symbol) == Vocabulary::none) symbols.add_copy(static_cast<TokenId>(symbols.size()), symbol);
  });
  MergeTable merges = read_merge_lines(lines, symbols);
  BpeOptions options;
  options.unk_token = unknown;
  options.end_of_word_suffix = "</w>";
  BpeModel cutter(std::move(symbols), std::move(merges), options);
  PublishedComponents components;
  components.normalizers = {BlenderbotNormalizer{}, LowercaseNormalizer{}};
  components.pre_tokenizers = {DelimiterPreTokenizer{U' '}};
  components.decoders = {JoinDecoder{}, FuseDecoder{}, Replacement::of_text("@@ ", ""), TrimDecoder{}};
  return {Model(DictionaryModel(std::move(dictionary), unk_id, std::move(cutter), "@@", nullptr)),
          std::move(components)};
}

/// The files that a class's tokenizer is made of; empty for one that has a fast tokenizer.
HEADFORMER_COLD inline std::vector<std::string> dictionary_files(PublishedClass kind, const JsonObject& config) {
  switch (kind) {
    case PublishedClass::blenderbot_small:
      return {"vocab.json", "merges.txt"};
    case PublishedClass::m2m_100:
      return {"vocab.json", "sentencepiece.bpe.model"};
    case PublishedClass::marian:
      if (config.boolean_or("separate_vocabs", false))
        return {"vocab.json", "source.spm", "target.spm", "target_vocab.json"};
      return {"vocab.json", "source.spm"};
    default:
      return {};
  }
}

HEADFORMER_COLD inline DictionaryParts read_dictionary(const FileReader& files, PublishedClass kind,
                                                       const SpecialTokens& specials, const JsonObject& config) {
  if (kind == PublishedClass::blenderbot_small) return read_blenderbot_small(files, specials);
  return read_sentencepiece_dictionary(files, kind, specials, config);
}

}  // namespace headformer::detail
