#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/error.hpp"
#include "headformer/formats/gguf.hpp"
#include "headformer/preprocess/tokenizer/pipeline.hpp"
#include "headformer/preprocess/tokenizer/readers/gguf_tokens.hpp"
#include "headformer/preprocess/tokenizer/readers/json_normalizers.hpp"
#include "headformer/preprocess/tokenizer/readers/published_components.hpp"

namespace headformer::detail {

/// tokenizer.ggml.model `bert`: WordPiece. Converters spell a word's first piece with U+2581 and the others without the
/// two number signs; here they are as the publisher spells them. A vocabulary with capital letters is a cased one.
inline std::shared_ptr<Pipeline> read_gguf_word_piece(const Gguf& file, const GgufTokens& tokens) {
  constexpr std::string_view mark = "\u2581";
  Vocabulary vocabulary(tokens.size(), std::make_shared<const Bytes>(file.file()));
  WordPieceModel::Options options;
  bool cased = false;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string_view text = tokens.text(file, i);
    const auto id = static_cast<TokenId>(i);
    if (tokens.type(i) != GgufTokens::normal || (text.starts_with('[') && text.ends_with(']'))) {
      vocabulary.add(id, text);
    } else {
      for (const char c : text) cased = cased || (c >= 'A' && c <= 'Z');
      text.starts_with(mark) ? vocabulary.add(id, text.substr(mark.size()))
                             : vocabulary.add_copy(id, "##" + std::string(text));
    }
  }
  if (const auto unk = tokens.unknown_token(file)) options.unk_token = vocabulary.text_of(*unk);
  BertNormalizer normalizer{true, true, false, file.boolean_or("tokenizer.ggml.normalizer.lowercase", !cased)};
  normalizer.strip_accents = file.boolean_or("tokenizer.ggml.normalizer.strip_accents", normalizer.lowercase);
  auto pipeline = std::make_shared<Pipeline>(Model(WordPieceModel(std::move(vocabulary), options)));
  pipeline->normalizers.push_back(normalizer);
  pipeline->pre_tokenizers.push_back(BertPreTokenizer{});
  pipeline->decoders = {WordPieceDecoder{"##", true}};
  return pipeline;
}

/// tokenizer.ggml.model `t5`: SentencePiece's unigram model, T5's or XLM-R's.
inline std::shared_ptr<Pipeline> read_gguf_unigram(const Gguf& file, const GgufTokens& tokens) {
  const GgufArray list = file.array("tokenizer.ggml.scores");
  tokens.check_size(file, "tokenizer.ggml.scores", list.size());
  Vocabulary vocabulary(tokens.size(), std::make_shared<const Bytes>(file.file()));
  std::vector<double> scores(list.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    vocabulary.add(static_cast<TokenId>(i), tokens.text(file, i));
    scores[i] = list.number(i);
    if (!(scores[i] - scores[i] == 0))
      throw FormatError(file.file().name() + ": key 'tokenizer.ggml.scores'[" + std::to_string(i) +
                        "]: expected a finite number, found another");
  }
  const TokenId unk =
      tokens.unknown_token(file).value_or(static_cast<TokenId>(std::min<std::size_t>(2, tokens.size() - 1)));
  auto pipeline = std::make_shared<Pipeline>(Model(UnigramModel(std::move(vocabulary), std::move(scores), unk, false)));
  constexpr const char* charsmap = "tokenizer.ggml.precompiled_charsmap";
  if (file.has(charsmap)) {
    const GgufArray bytes = file.array(charsmap);
    std::string blob(bytes.size(), '\0');
    for (std::size_t i = 0; i < blob.size(); ++i) blob[i] = static_cast<char>(bytes.integer(i, -128, 255));
    pipeline->normalizers.push_back(precompiled_normalizer(blob, file.file().name() + ": key '" + charsmap + "'"));
  }
  const bool prefix = file.boolean_or("tokenizer.ggml.add_space_prefix", true);
  if (file.boolean_or("tokenizer.ggml.remove_extra_whitespaces", true))
    pipeline->pre_tokenizers.push_back(WhitespaceSplitPreTokenizer{});
  pipeline->pre_tokenizers.push_back(metaspace(prefix));
  pipeline->decoders = {MetaspaceDecoder{"\u2581", prefix}};
  return pipeline;
}

}  // namespace headformer::detail
