#pragma once

#include <algorithm>
#include <limits>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/formats/json_file.hpp"
#include "headformer/preprocess/ctc_decoder.hpp"
#include "headformer/preprocess/unicode/normalization.hpp"

namespace headformer {

HEADFORMER_COLD HEADFORMER_INLINE CtcDecoder CtcDecoder::from_files(const FileReader& files,
                                                                    const std::string& language) {
  const JsonFile file(files, "vocab.json");
  if (!file.found) throw IoError("vocab.json: expected beside a CTC model, found none");
  const JsonFile options_file(files, "tokenizer_config.json");
  const JsonObject options = options_file.object();
  const std::string chosen = language.empty() ? options.string_or("target_lang", "") : language;
  JsonObject vocabulary = file.object();
  if (!chosen.empty()) {
    if (!vocabulary.has(chosen))
      throw ConfigError(file.name + ": expected a vocabulary of the language " + detail::quoted(chosen) +
                        ", found none");
    vocabulary = vocabulary.object(chosen);
  }
  CtcDecoder decoder;
  for (const std::string& token : vocabulary.keys()) {
    const Index id = vocabulary.integer(token, 0, std::numeric_limits<TokenId>::max());
    decoder.tokens_[static_cast<TokenId>(id)] = token;
  }
  // A special token is a string, or an object with its text.
  const auto token = [&](const char* key, const char* fallback) {
    return options.is_object(key) ? options.object(key).string("content") : options.string_or(key, fallback);
  };
  const std::string blank = token("pad_token", "<pad>");
  decoder.delimiter_ = token("word_delimiter_token", "|");
  decoder.space_ = options.string_or("replace_word_delimiter_char", " ");
  decoder.lower_case_ = options.boolean_or("do_lower_case", false);
  const auto found = std::find_if(decoder.tokens_.begin(), decoder.tokens_.end(),
                                  [&](const auto& known) { return known.second == blank; });
  if (found == decoder.tokens_.end())
    throw ConfigError(file.name + ": expected the blank " + detail::quoted(blank) + ", found none");
  decoder.blank_ = found->first;
  return decoder;
}

HEADFORMER_INLINE CtcText CtcDecoder::decode(std::span<const TokenId> ids) const {
  CtcText result;
  bool inside = false;  // of a word
  for (std::size_t i = 0; i < ids.size();) {
    std::size_t end = i + 1;
    while (end < ids.size() && ids[end] == ids[i]) ++end;
    const auto token = tokens_.find(ids[i]);
    if (token == tokens_.end())
      throw ArgumentError("ids: expected those of the vocabulary, found " + std::to_string(ids[i]));
    const auto first = static_cast<Index>(i);
    i = end;
    if (token->first == blank_) continue;
    const std::string& piece = token->second == delimiter_ ? space_ : token->second;
    result.text += piece;
    if (piece == space_) {
      inside = false;
      continue;
    }
    if (!inside) result.words.push_back({"", first, 0});
    inside = true;
    result.words.back().word += piece;
    result.words.back().end = static_cast<Index>(end);
  }
  const auto blanks = " \t\n\r\f\v";
  result.text.erase(0, std::min(result.text.find_first_not_of(blanks), result.text.size()));
  result.text.erase(result.text.find_last_not_of(blanks) + 1);
  if (lower_case_) result.text = unicode::lowercase(result.text);
  return result;
}

}  // namespace headformer
