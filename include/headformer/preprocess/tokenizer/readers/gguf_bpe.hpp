#pragma once

#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/formats/gguf.hpp"
#include "headformer/preprocess/tokenizer/pipeline.hpp"
#include "headformer/preprocess/tokenizer/readers/gguf_pre_tokenizers.hpp"
#include "headformer/preprocess/tokenizer/readers/gguf_tokens.hpp"
#include "headformer/preprocess/tokenizer/readers/published_patterns.hpp"

namespace headformer::detail {

/// tokenizer.ggml.model `llama`: SentencePiece's BPE. The merges are implied by the pieces and their scores.
inline std::shared_ptr<Pipeline> read_gguf_sentencepiece(const Gguf& file, const GgufTokens& tokens) {
  const std::string_view architecture = file.string_or("general.architecture", "");
  const bool gemma = architecture.starts_with("gemma");
  Vocabulary vocabulary(tokens.size(), std::make_shared<const Bytes>(file.file()));
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string_view text = tokens.text(file, i);
    const auto id = static_cast<TokenId>(i);
    if (gemma && text.size() > 1 && text.find_first_not_of(' ') == std::string_view::npos) {
      std::string spelled;  // the publisher's pieces of several spaces are spelled as all others
      for (std::size_t k = 0; k < text.size(); ++k) spelled += "\u2581";
      vocabulary.add_copy(id, std::move(spelled));
    } else {
      vocabulary.add(id, text);
    }
  }
  // The publisher's file has the tabulator itself in the place of its byte, so that pieces of several can merge.
  if (gemma && vocabulary.find("\t") == Vocabulary::none)
    if (const TokenId tab = vocabulary.find("<0x09>"); tab != Vocabulary::none) vocabulary.add(tab, "\t");

  BpeOptions options;
  options.fuse_unk = options.byte_fallback = true;
  if (const auto unk = tokens.unknown_token(file)) options.unk_token = vocabulary.text_of(*unk);
  BpeModel::Merges merges;
  if (file.has("tokenizer.ggml.merges")) {
    merges = read_gguf_merges(file, vocabulary);
  } else if (gemma) {
    // Gemma's merges come in the order of the pieces; the scores of its runs of spaces do not tell.
    std::vector<std::uint32_t> ranks(tokens.size());
    std::iota(ranks.begin(), ranks.end(), 0U);
    merges = ImpliedMerges(std::move(ranks));
  } else {
    merges = ImpliedMerges(score_ranks(file, tokens));
  }
  auto pipeline =
      std::make_shared<Pipeline>(Model(BpeModel(std::move(vocabulary), std::move(merges), std::move(options))));
  const bool prefix = !gemma && file.boolean_or("tokenizer.ggml.add_space_prefix", true);
  // As in the publishers' tokenizer.json, SentencePiece and llama.cpp: a space before each stretch of text, also one
  // that begins with a space. (transformers' LlamaTokenizer leaves it out there and after special tokens.)
  if (prefix) pipeline->normalizers.push_back(PrependNormalizer{"\u2581"});
  pipeline->normalizers.push_back(Replacement::of_text(" ", "\u2581"));
  pipeline->decoders = sentencepiece_decoders(prefix);
  return pipeline;
}

/// What stands around a text where the file does not say.
struct GgufAround {
  bool bos = false, eos = false;
  bool sep = false;  // cls and sep, as BERT's and Roberta's
};

/// tokenizer.ggml.model `gpt2`: byte-level BPE with merges.
inline std::shared_ptr<Pipeline> read_gguf_byte_level(const Gguf& file, const GgufTokens& tokens, GgufAround& around) {
  const bool gemma4 = file.string("tokenizer.ggml.model") == "gemma4";
  const std::string_view name = gemma4 ? "gemma4" : file.string_or("tokenizer.ggml.pre", "");
  std::optional<GgufPreTokenizer> pre = gguf_pre_tokenizer(name);
  if (!pre) file.fail("tokenizer.ggml.pre", "a known pre-tokenizer");
  around.bos = pre->add_bos;
  around.sep = pre->add_sep;
  const ByteAlphabet& alphabet = ByteAlphabet::get();
  Vocabulary vocabulary(tokens.size(), std::make_shared<const Bytes>(file.file()));
  std::string bytes;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string_view text = tokens.text(file, i);
    bytes.clear();
    if (pre->byte_level && tokens.type(i) == GgufTokens::normal && !alphabet.append_bytes(bytes, text)) {
      vocabulary.add_copy(static_cast<TokenId>(i), alphabet.spelled(text));
    } else {
      vocabulary.add(static_cast<TokenId>(i), text);
    }
  }
  BpeOptions options;
  options.ignore_merges = pre->ignore_merges;
  if (!pre->byte_level) {
    options.byte_fallback = options.fuse_unk = pre->marks;
    if (const auto unk = tokens.unknown_token(file)) options.unk_token = vocabulary.text_of(*unk);
  }
  MergeTable merges = read_gguf_merges(file, vocabulary);
  auto pipeline =
      std::make_shared<Pipeline>(Model(BpeModel(std::move(vocabulary), std::move(merges), std::move(options))));
  pipeline->normalizers = std::move(pre->normalizers);
  if (pre->marks) pipeline->normalizers.push_back(Replacement::of_text(" ", "\u2581"));
  pipeline->pre_tokenizers = std::move(pre->steps);
  pipeline->decoders = {ByteLevelDecoder{}};
  if (!pre->byte_level) pipeline->decoders = sentencepiece_decoders(false);
  return pipeline;
}

}  // namespace headformer::detail
