#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/formats/gguf.hpp"
#include "headformer/preprocess/tokenizer.hpp"
#include "headformer/preprocess/tokenizer/gguf_tokenizer.hpp"
#include "headformer/preprocess/tokenizer/json_tokenizer.hpp"
#include "headformer/preprocess/tokenizer/pipeline.hpp"

namespace headformer {

HEADFORMER_INLINE Tokenizer Tokenizer::from_files(const FileReader& files) {
  try {
    return Tokenizer(detail::read_json_tokenizer(files));
  } catch (const ConfigError& error) {
    throw FormatError(error.what());
  }
}

HEADFORMER_INLINE Tokenizer Tokenizer::from_gguf(const Gguf& file) {
  try {
    return Tokenizer(detail::read_gguf_tokenizer(file));
  } catch (const ConfigError& error) {
    throw FormatError(error.what());
  }
}

HEADFORMER_INLINE std::vector<TokenId> Tokenizer::encode(std::string_view text, bool add_special_tokens) const {
  return pipeline_->encode(text, add_special_tokens);
}

HEADFORMER_INLINE std::string Tokenizer::decode(std::span<const TokenId> ids, bool skip_special_tokens) const {
  std::string text;
  detail::TextRun run(pipeline_, skip_special_tokens);
  for (const TokenId id : ids) run.push(id, text);
  run.finish(text);
  return text;
}

HEADFORMER_INLINE Index Tokenizer::size() const { return static_cast<Index>(pipeline_->size()); }

HEADFORMER_INLINE std::optional<TokenId> Tokenizer::id_of(std::string_view token) const {
  TokenId id = pipeline_->added.find(token);
  if (id == detail::Vocabulary::none) id = pipeline_->model.vocabulary().find(token);
  return id == detail::Vocabulary::none ? std::nullopt : std::optional(id);
}

HEADFORMER_INLINE std::string Tokenizer::token_text(TokenId id) const {
  pipeline_->check(id);
  if (const detail::AddedToken* token = pipeline_->added.token(id)) return token->content;
  const detail::Vocabulary& vocabulary = pipeline_->model.vocabulary();
  return vocabulary.has(id) ? std::string(vocabulary.text_of(id)) : std::string();
}

HEADFORMER_INLINE std::string Tokenizer::text_bytes(TokenId id) const { return pipeline_->text_bytes(id); }

HEADFORMER_INLINE std::optional<TokenId> Tokenizer::bos() const { return pipeline_->bos; }

HEADFORMER_INLINE std::optional<TokenId> Tokenizer::eos() const { return pipeline_->eos; }

HEADFORMER_INLINE std::optional<TokenId> Tokenizer::unk() const { return pipeline_->unk; }

HEADFORMER_INLINE std::optional<TokenId> Tokenizer::pad() const { return pipeline_->pad; }

HEADFORMER_INLINE bool Tokenizer::is_special(TokenId id) const {
  const std::optional<std::string_view> text = pipeline_->decoded_text(id);
  return text && pipeline_->added.is_special(*text);
}

HEADFORMER_INLINE Tokenizer::Tokenizer(std::shared_ptr<const detail::Pipeline> pipeline)
    : pipeline_(std::move(pipeline)) {}

}  // namespace headformer
