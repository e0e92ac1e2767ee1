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
#include "headformer/preprocess/tokenizer/published_components.hpp"

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
    if (file.has("tokenizer.ggml.unknown_token_id"))
      options.unk_token = vocabulary.text_of(static_cast<TokenId>(
          file.integer("tokenizer.ggml.unknown_token_id", 0, static_cast<Index>(tokens.size()) - 1)));
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
  if (file.has("tokenizer.ggml.unknown_token_id"))
    options.unk_token = vocabulary.text_of(static_cast<TokenId>(
        file.integer("tokenizer.ggml.unknown_token_id", 0, static_cast<Index>(tokens.size()) - 1)));
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
  const auto unk = static_cast<TokenId>(
      file.has("tokenizer.ggml.unknown_token_id")
          ? file.integer("tokenizer.ggml.unknown_token_id", 0, static_cast<Index>(tokens.size()) - 1)
          : std::min<Index>(2, static_cast<Index>(tokens.size()) - 1));
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

/// Puts the special tokens around texts.
inline void put_gguf_template(const Gguf& file, const GgufTokens& tokens, Pipeline& pipeline, GgufAround around) {
  const auto id_of = [&](const char* key, std::optional<TokenId> fallback) -> std::optional<TokenId> {
    if (!file.has(key)) return fallback;
    return static_cast<TokenId>(file.integer(key, 0, static_cast<Index>(tokens.size()) - 1));
  };
  const std::optional<TokenId> sep = id_of("tokenizer.ggml.seperator_token_id", pipeline.eos);
  std::vector<PostStep>& steps = pipeline.post_processor.steps;
  const bool bert = file.string("tokenizer.ggml.model") == "bert";
  if (around.sep && !bert) {
    const std::optional<TokenId> cls = id_of("tokenizer.ggml.cls_token_id", pipeline.bos);
    if (cls && sep) {
      steps.assign({TrimStep{false}, AroundStep{*cls, *sep, true}});
      return;
    }
  }
  const std::optional<TokenId> first = bert ? id_of("tokenizer.ggml.cls_token_id", pipeline.bos) : pipeline.bos;
  const std::optional<TokenId> last = bert ? sep : pipeline.eos;
  const bool with_first = first && file.boolean_or("tokenizer.ggml.add_bos_token", around.bos || bert);
  const bool with_last = last && (bert || file.boolean_or("tokenizer.ggml.add_eos_token", around.eos));
  TemplateStep step;
  const auto put = [&](std::vector<TemplateItem>& items, bool wanted, const std::optional<TokenId>& id,
                       std::int32_t type) {
    if (wanted) items.push_back({-1, {*id}, type});
  };
  const bool unigram = file.string("tokenizer.ggml.model") == "t5";
  put(step.single, with_first, first, 0);
  step.single.push_back({0, {}, 0});
  put(step.single, with_last, last, 0);
  step.pair = step.single;
  if (unigram) put(step.pair, with_first && with_last, last, 0);  // XLM-R's second sep
  if (!unigram && !bert) put(step.pair, with_first, first, 1);
  step.pair.push_back({1, {}, unigram ? 0 : 1});
  put(step.pair, with_last, last, unigram ? 0 : 1);
  steps.push_back(std::move(step));
}

inline std::shared_ptr<const Pipeline> read_gguf_tokenizer(const Gguf& file) {
  const std::string_view model = file.string("tokenizer.ggml.model");
  if (model == "no_vocab" || model == "none")
    file.fail("tokenizer.ggml.model", "a tokenizer in the file (its publisher left it out)");
  if (model != "gpt2" && model != "llama" && model != "bert" && model != "t5" && model != "gemma4")
    file.fail("tokenizer.ggml.model", "gpt2, llama, bert, t5 or gemma4");
  const GgufTokens tokens(file);
  GgufAround around;
  std::shared_ptr<Pipeline> pipeline;
  if (model == "llama") {
    around.bos = true;  // llama.cpp's default for SentencePiece, and the reference's
    pipeline = read_gguf_sentencepiece(file, tokens);
  } else if (model == "bert") {
    around.sep = true;
    pipeline = read_gguf_word_piece(file, tokens);
  } else if (model == "t5") {
    around.eos = true;
    pipeline = read_gguf_unigram(file, tokens);
  } else {
    pipeline = read_gguf_byte_level(file, tokens, around);
  }
  add_gguf_tokens(file, tokens, *pipeline);
  put_gguf_template(file, tokens, *pipeline, around);
  pipeline->finish();
  return pipeline;
}

}  // namespace headformer::detail
