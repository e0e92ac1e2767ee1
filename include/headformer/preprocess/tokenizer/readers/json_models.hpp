#pragma once

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/formats/messages.hpp"
#include "headformer/preprocess/tokenizer/models/model.hpp"
#include "headformer/preprocess/tokenizer/readers/json_normalizers.hpp"

namespace headformer::detail {

/// The `vocab` of a model, text to id.
inline Vocabulary read_vocabulary(const JsonObject& model) {
  const JsonObject pieces = model.object("vocab");
  // What is no vocabulary must not make us allocate: ids may have gaps, but not run far past their number.
  const Index most = std::min<Index>(static_cast<Index>(Vocabulary::limit),
                                     static_cast<Index>(pieces.json().size()) * 16 + (1 << 16)) -
                     1;
  Vocabulary vocabulary(pieces.json().size());
  for (const auto& [text, value] : pieces.json().items()) {
    const std::optional<Index> id = json_integer(value);
    if (!id || *id < 0 || *id > most) pieces.fail(text, expected_integer(0, most));
    vocabulary.add_copy(static_cast<TokenId>(*id), text);
  }
  return vocabulary;
}

/// The `merges` of a BPE model: "left right" or ["left", "right"].
inline MergeTable read_merges(const JsonObject& model, const Vocabulary& vocabulary, const std::string& prefix) {
  const Json* list = model.find("merges");
  if (list == nullptr || !list->is_array()) model.fail("merges", "an array");
  MergeTable merges(list->size());
  std::size_t index = 0;
  std::uint32_t rank = 0;
  for (const Json& entry : *list) {
    const auto fail = [&](const std::string& expected) {
      throw FormatError(model.file() + ": " + model.path_of("merges") + "[" + std::to_string(index) + "]: expected " +
                        expected + ", found " + json_text(&entry));
    };
    std::string_view left, right;
    if (entry.is_string()) {
      const std::string_view text = entry.get_ref<const std::string&>();
      if (text.starts_with("#version")) {
        ++index;
        continue;
      }
      const std::size_t space = text.find(' ');
      if (space == std::string_view::npos || text.find(' ', space + 1) != std::string_view::npos)
        fail("two pieces with a space between");
      left = text.substr(0, space);
      right = text.substr(space + 1);
    } else if (entry.is_array() && entry.size() == 2 && entry[0].is_string() && entry[1].is_string()) {
      left = entry[0].get_ref<const std::string&>();
      right = entry[1].get_ref<const std::string&>();
    } else {
      fail("two pieces");
    }
    if (!merges.add(vocabulary, left, right, prefix.size(), rank++))
      fail("two pieces that are in the vocabulary with their joint text");
    ++index;
  }
  return merges;
}

/// The flags of a BPE model.
HEADFORMER_COLD inline BpeOptions read_bpe_options(const JsonObject& model) {
  BpeOptions options;
  options.unk_token = model.string_or("unk_token", "");
  options.continuing_subword_prefix = model.string_or("continuing_subword_prefix", "");
  options.end_of_word_suffix = model.string_or("end_of_word_suffix", "");
  options.fuse_unk = model.boolean_or("fuse_unk", false);
  options.byte_fallback = model.boolean_or("byte_fallback", false);
  options.ignore_merges = model.boolean_or("ignore_merges", false);
  return options;
}

/// A unigram model's vocabulary.
struct UnigramPieces {
  Vocabulary vocabulary{0};
  std::vector<double> scores;
};

/// Unigram's `vocab`: pairs of text and score, their place the id.
HEADFORMER_COLD inline UnigramPieces read_unigram_pieces(const JsonObject& model) {
  const Json* list = model.find("vocab");
  if (list == nullptr || !list->is_array()) model.fail("vocab", "an array");
  if (list->size() > Vocabulary::limit) model.fail("vocab", "at most " + std::to_string(Vocabulary::limit) + " pieces");
  Vocabulary vocabulary(list->size());
  std::vector<double> scores;
  scores.reserve(list->size());
  for (const Json& entry : *list) {
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_number() ||
        !std::isfinite(entry[1].get<double>()))
      throw FormatError(model.file() + ": " + model.path_of("vocab") + "[" + std::to_string(scores.size()) +
                        "]: expected a text and a number, found " + json_text(&entry));
    vocabulary.add_copy(static_cast<TokenId>(scores.size()), entry[0].get<std::string>());
    scores.push_back(entry[1].get<double>());
  }
  return {std::move(vocabulary), std::move(scores)};
}

HEADFORMER_COLD inline UnigramModel read_unigram(const JsonObject& model) {
  UnigramPieces pieces = read_unigram_pieces(model);
  TokenId unk = Vocabulary::none;
  if (model.has("unk_id"))
    unk = static_cast<TokenId>(model.integer("unk_id", 0, static_cast<Index>(pieces.scores.size()) - 1));
  return {std::move(pieces.vocabulary), std::move(pieces.scores), unk, model.boolean_or("byte_fallback", false)};
}

/// WordPiece's options.
HEADFORMER_COLD inline WordPieceModel::Options read_word_piece_options(const JsonObject& model) {
  WordPieceModel::Options options;
  options.unk_token = model.string_or("unk_token", options.unk_token);
  options.continuing_subword_prefix = model.string_or("continuing_subword_prefix", options.continuing_subword_prefix);
  options.max_input_chars_per_word = static_cast<std::size_t>(
      model.integer_or("max_input_chars_per_word", static_cast<Index>(options.max_input_chars_per_word), 0));
  return options;
}

/// The type of a model; files from before the field was written tell by what is there.
HEADFORMER_COLD inline std::string model_type(const JsonObject& model) {
  const std::string type = model.string_or("type", "");
  if (!type.empty()) return type;
  if (model.has("merges")) return "BPE";
  if (model.is_array("vocab")) return "Unigram";
  return model.has("continuing_subword_prefix") || model.has("max_input_chars_per_word") ? "WordPiece" : "WordLevel";
}

/// The model of a tokenizer.json as it is written.
HEADFORMER_COLD inline Model read_model(const JsonObject& model) {
  const std::string type = model_type(model);
  if (type == "BPE") {
    BpeOptions options = read_bpe_options(model);
    Vocabulary vocabulary = read_vocabulary(model);
    MergeTable merges = read_merges(model, vocabulary, options.continuing_subword_prefix);
    return Model(BpeModel(std::move(vocabulary), std::move(merges), std::move(options)));
  }
  if (type == "Unigram") return Model(read_unigram(model));
  if (type == "WordPiece") return Model(WordPieceModel(read_vocabulary(model), read_word_piece_options(model)));
  if (type == "WordLevel") return Model(WordLevelModel(read_vocabulary(model), model.string_or("unk_token", "<unk>")));
  fail_component(model, "BPE, Unigram, WordPiece or WordLevel");
}

}  // namespace headformer::detail
