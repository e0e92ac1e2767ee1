#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/formats/gguf.hpp"
#include "headformer/preprocess/tokenizer/pipeline.hpp"
#include "headformer/preprocess/tokenizer/readers/gguf_bpe.hpp"
#include "headformer/preprocess/tokenizer/readers/gguf_tokens.hpp"
#include "headformer/preprocess/tokenizer/readers/gguf_word_models.hpp"
#include "headformer/preprocess/tokenizer/readers/special_tokens.hpp"

namespace headformer::detail {

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
    const std::optional<TokenId> id = tokens.named(file, key);
    if (id && !pipeline.is_added_special(*id)) add(static_cast<std::size_t>(*id), true);
    return id;
  };
  pipeline.bos = role("tokenizer.ggml.bos_token_id");
  pipeline.eos = role("tokenizer.ggml.eos_token_id");
  pipeline.unk = role("tokenizer.ggml.unknown_token_id");
  pipeline.pad = role("tokenizer.ggml.padding_token_id");
  pipeline.cls = role("tokenizer.ggml.cls_token_id");
  pipeline.mask = role("tokenizer.ggml.mask_token_id");
}

/// Puts the special tokens around texts.
inline void put_gguf_template(const Gguf& file, const GgufTokens& tokens, Pipeline& pipeline, GgufAround around) {
  const auto id_of = [&](const char* key, std::optional<TokenId> fallback) -> std::optional<TokenId> {
    const std::optional<TokenId> id = tokens.named(file, key);
    return id ? id : fallback;
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
