#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/error.hpp"
#include "headformer/formats/gguf.hpp"
#include "headformer/preprocess/tokenizer/gguf_pre_tokenizers.hpp"
#include "headformer/preprocess/tokenizer/json_tokenizer.hpp"
#include "headformer/preprocess/tokenizer/pipeline.hpp"

namespace headformer::detail {

/// The tokens of a GGUF file (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, "Tokenizer").
class GgufTokens {
 public:
  enum Type : Index { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

  explicit GgufTokens(const Gguf& file) : texts_(file.array("tokenizer.ggml.tokens")) {
    if (texts_.size() == 0 || texts_.size() > Vocabulary::limit)
      throw FormatError(file.file().name() + ": key 'tokenizer.ggml.tokens': expected 1 to " +
                        std::to_string(Vocabulary::limit) + " tokens, found " + std::to_string(texts_.size()));
    if (!file.has("tokenizer.ggml.token_type")) return;
    types_.emplace(file.array("tokenizer.ggml.token_type"));
    check_size(file, "tokenizer.ggml.token_type", types_->size());
  }

  std::size_t size() const { return texts_.size(); }
  Type type(std::size_t i) const { return types_ ? static_cast<Type>(types_->integer(i)) : normal; }
  /// Throws FormatError when the token's text is no UTF-8.
  std::string_view text(const Gguf& file, std::size_t i) const {
    const std::string_view text = texts_.string(i);
    if (!unicode::is_utf8(text))
      throw FormatError(file.file().name() + ": key 'tokenizer.ggml.tokens'[" + std::to_string(i) +
                        "]: expected UTF-8, found " + detail::quoted(text));
    return text;
  }
  void check_size(const Gguf& file, const char* key, std::size_t size) const {
    if (size != texts_.size())
      throw FormatError(file.file().name() + ": key '" + key + "': expected " + std::to_string(texts_.size()) +
                        " elements, one for each token, found " + std::to_string(size));
  }

 private:
  GgufArray texts_;
  std::optional<GgufArray> types_;
};

/// Whether a token only fills the vocabulary up: converters name it after its own id, and no publisher has it.
inline bool is_gguf_padding(std::string_view text, std::size_t id) {
  return text.starts_with("[PAD") && text == "[PAD" + std::to_string(id) + "]";
}

/// tokenizer.ggml.merges as the merges of the vocabulary; the piece of a merge is found by its text.
inline MergeTable read_gguf_merges(const Gguf& file, const Vocabulary& vocabulary) {
  const GgufArray list = file.array("tokenizer.ggml.merges");
  MergeTable merges(list.size());
  std::string joint;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string_view text = list.string(i);
    const std::size_t space = text.find(' ', 1);
    const std::string_view left = text.substr(0, space);
    const std::string_view right = space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
    joint.assign(left);
    joint += right;
    const TokenId a = vocabulary.find(left);
    const TokenId b = vocabulary.find(right);
    const TokenId result = vocabulary.find(joint);
    if (right.empty() || a == Vocabulary::none || b == Vocabulary::none || result == Vocabulary::none)
      throw FormatError(file.file().name() + ": key 'tokenizer.ggml.merges'[" + std::to_string(i) +
                        "]: expected two pieces that are in the vocabulary with their joint text, found " +
                        detail::quoted(text));
    merges.add(a, b, static_cast<std::uint32_t>(i), result);
  }
  return merges;
}

/// How early a merge to each piece comes: by score, the greatest first.
inline std::vector<std::uint32_t> score_ranks(const Gguf& file, const GgufTokens& tokens) {
  const GgufArray scores = file.array("tokenizer.ggml.scores");
  tokens.check_size(file, "tokenizer.ggml.scores", scores.size());
  std::vector<double> values(scores.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = scores.number(i);
    if (!(values[i] == values[i])) values[i] = -1e30;  // NaN has no place in an order
  }
  std::vector<std::uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return values[a] > values[b]; });
  std::vector<std::uint32_t> ranks(values.size());
  std::uint32_t rank = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i > 0 && values[order[i]] < values[order[i - 1]]) ++rank;
    ranks[order[i]] = rank;
  }
  return ranks;
}

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
  if (file.has("tokenizer.ggml.unknown_token_id"))
    options.unk_token = vocabulary.text_of(static_cast<TokenId>(
        file.integer("tokenizer.ggml.unknown_token_id", 0, static_cast<Index>(tokens.size()) - 1)));
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

/// tokenizer.ggml.model `gpt2`: byte-level BPE with merges.
inline std::shared_ptr<Pipeline> read_gguf_byte_level(const Gguf& file, const GgufTokens& tokens, bool& add_bos) {
  const std::string_view name = file.string_or("tokenizer.ggml.pre", "");
  std::optional<GgufPreTokenizer> pre = gguf_pre_tokenizer(name);
  if (!pre) file.fail("tokenizer.ggml.pre", "a known pre-tokenizer");
  add_bos = pre->add_bos;
  const ByteAlphabet& alphabet = ByteAlphabet::get();
  Vocabulary vocabulary(tokens.size(), std::make_shared<const Bytes>(file.file()));
  std::string bytes;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string_view text = tokens.text(file, i);
    bytes.clear();
    if (tokens.type(i) == GgufTokens::normal && !alphabet.append_bytes(bytes, text)) {
      vocabulary.add_copy(static_cast<TokenId>(i), alphabet.spelled(text));
    } else {
      vocabulary.add(static_cast<TokenId>(i), text);
    }
  }
  BpeOptions options;
  options.ignore_merges = pre->ignore_merges;
  MergeTable merges = read_gguf_merges(file, vocabulary);
  auto pipeline =
      std::make_shared<Pipeline>(Model(BpeModel(std::move(vocabulary), std::move(merges), std::move(options))));
  pipeline->normalizers = std::move(pre->normalizers);
  pipeline->pre_tokenizers = std::move(pre->steps);
  pipeline->decoders = {ByteLevelDecoder{}};
  return pipeline;
}

/// Control tokens become special tokens, user-defined ones plain added tokens, and those with a role special too.
inline void add_gguf_tokens(const Gguf& file, const GgufTokens& tokens, Pipeline& pipeline) {
  const bool phi3 =
      file.string_or("general.architecture", "") == "phi3" && file.string("tokenizer.ggml.model") == "llama";
  const Vocabulary& vocabulary = pipeline.model.vocabulary();
  const auto add = [&](std::size_t i, bool special) {
    AddedToken token = plain_special_token(std::string(vocabulary.text_of(static_cast<TokenId>(i))));
    token.special = special;
    // Phi-3's published tokens take the white space after them, but for these three.
    token.rstrip = phi3 && token.content != "<unk>" && token.content != "<s>" && token.content != "<|endoftext|>" &&
                   (special || token.content == "</s>");
    pipeline.added.add(std::move(token), vocabulary, nullptr);
  };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const GgufTokens::Type type = tokens.type(i);
    if (type != GgufTokens::control && type != GgufTokens::user_defined) continue;
    if (!is_gguf_padding(tokens.text(file, i), i)) add(i, type == GgufTokens::control);
  }
  const auto role = [&](const char* key) -> std::optional<TokenId> {
    if (!file.has(key)) return std::nullopt;
    const Index id = file.integer(key, 0, static_cast<Index>(tokens.size()) - 1);
    if (!pipeline.is_added_special(static_cast<TokenId>(id))) add(static_cast<std::size_t>(id), true);
    return static_cast<TokenId>(id);
  };
  pipeline.bos = role("tokenizer.ggml.bos_token_id");
  pipeline.eos = role("tokenizer.ggml.eos_token_id");
  pipeline.unk = role("tokenizer.ggml.unknown_token_id");
  pipeline.pad = role("tokenizer.ggml.padding_token_id");
}

inline std::shared_ptr<const Pipeline> read_gguf_tokenizer(const Gguf& file) {
  const std::string_view model = file.string("tokenizer.ggml.model");
  if (model != "gpt2" && model != "llama") file.fail("tokenizer.ggml.model", "gpt2 or llama");
  const GgufTokens tokens(file);
  bool add_bos = true;  // llama.cpp's default for SentencePiece, and the reference's
  const std::shared_ptr<Pipeline> pipeline =
      model == "llama" ? read_gguf_sentencepiece(file, tokens) : read_gguf_byte_level(file, tokens, add_bos);
  add_gguf_tokens(file, tokens, *pipeline);
  TemplateStep around;
  const auto put = [&](const std::optional<TokenId>& id, bool wanted) {
    if (!id || !wanted) return;
    around.single.push_back({-1, {*id}, 0});
    around.pair.push_back({-1, {*id}, 0});
  };
  put(pipeline->bos, file.boolean_or("tokenizer.ggml.add_bos_token", add_bos));
  around.single.push_back({0, {}, 0});
  around.pair.insert(around.pair.end(), {{0, {}, 0}, {1, {}, 1}});
  put(pipeline->eos, file.boolean_or("tokenizer.ggml.add_eos_token", false));
  pipeline->post_processor.steps.push_back(std::move(around));
  pipeline->finish();
  return pipeline;
}

}  // namespace headformer::detail
