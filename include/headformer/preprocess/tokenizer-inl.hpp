#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/core/executor.hpp"
#include "headformer/formats/gguf.hpp"
#include "headformer/preprocess/tokenizer.hpp"
#include "headformer/preprocess/tokenizer/pipeline.hpp"
#include "headformer/preprocess/tokenizer/readers/folder_tokenizer.hpp"
#include "headformer/preprocess/tokenizer/readers/gguf_tokenizer.hpp"

namespace headformer {
namespace detail {

/// `folder` stands before the name of a file that is missing. `needed`: an error, and no nullptr, where there is none.
inline std::shared_ptr<const Pipeline> read_folder_tokenizer(const FileReader& files,
                                                             const std::filesystem::path& folder, bool needed = true) {
  try {
    FolderTokenizer folder_tokenizer(files, folder);
    return needed ? folder_tokenizer.read() : folder_tokenizer.find();
  } catch (const ConfigError& error) {
    throw FormatError(error.what());
  }
}

}  // namespace detail

HEADFORMER_INLINE Tokenizer Tokenizer::from(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) return Tokenizer(detail::read_folder_tokenizer(folder_reader(path), path));
  return from_gguf(Gguf::parse(Bytes::map(path)));
}

HEADFORMER_INLINE Tokenizer Tokenizer::from_files(const FileReader& files) {
  return Tokenizer(detail::read_folder_tokenizer(files, {}));
}

HEADFORMER_INLINE std::optional<Tokenizer> Tokenizer::find(const FileReader& files) {
  std::shared_ptr<const detail::Pipeline> pipeline = detail::read_folder_tokenizer(files, {}, false);
  if (pipeline == nullptr) return std::nullopt;
  return Tokenizer(std::move(pipeline));
}

HEADFORMER_INLINE Tokenizer Tokenizer::from_gguf(const Gguf& file) {
  try {
    return Tokenizer(detail::read_gguf_tokenizer(file));
  } catch (const ConfigError& error) {
    throw FormatError(error.what());
  }
}

HEADFORMER_INLINE Tokenizer Tokenizer::with_special_token(std::string_view token) const {
  if (!id_of(token))
    throw ArgumentError("special token: expected one of the vocabulary, found " + detail::quoted(token));
  const std::vector<TokenId> alone = encode(token, false);
  if (alone.size() == 1 && pipeline_->decoded_text(alone.front()) == token) return *this;
  auto pipeline = std::make_shared<detail::Pipeline>(*pipeline_);
  pipeline->added.add({.content = std::string(token), .special = true, .normalized = false},
                      pipeline->model.vocabulary(), nullptr);
  pipeline->added.finish();
  return Tokenizer(std::move(pipeline));
}

HEADFORMER_INLINE std::vector<TokenId> Tokenizer::encode(std::string_view text, bool add_special_tokens) const {
  return pipeline_->encode(text, add_special_tokens);
}

HEADFORMER_INLINE Encoding Tokenizer::encode(const TextPair& texts, const EncodeOptions& options) const {
  std::vector<Encoding> result(1, encode_unpadded(texts, options));
  pad(result, options);
  return std::move(result.front());
}

HEADFORMER_INLINE std::vector<std::vector<TokenId>> Tokenizer::encode_batch(std::span<const std::string_view> texts,
                                                                            Executor& executor,
                                                                            bool add_special_tokens) const {
  std::vector<std::vector<TokenId>> result(texts.size());
  share_out(executor, texts.size(), [&](std::size_t i) { result[i] = encode(texts[i], add_special_tokens); });
  return result;
}

HEADFORMER_INLINE std::vector<Encoding> Tokenizer::encode_batch(std::span<const TextPair> texts, Executor& executor,
                                                                const EncodeOptions& options) const {
  std::vector<Encoding> result(texts.size());
  share_out(executor, texts.size(), [&](std::size_t i) { result[i] = encode_unpadded(texts[i], options); });
  pad(result, options);
  return result;
}

HEADFORMER_INLINE Encoding Tokenizer::encode_unpadded(const TextPair& texts, const EncodeOptions& options) const {
  const std::string_view both[] = {texts.first, texts.second.value_or(std::string_view())};
  return pipeline_->encode(std::span(both, texts.second ? 2 : 1), options);
}

HEADFORMER_INLINE void Tokenizer::pad(std::vector<Encoding>& encodings, const EncodeOptions& options) const {
  if (!options.padding) return;
  const Padding& how = *options.padding;
  constexpr Index most = Index{1} << 30;
  if (how.length.value_or(0) < 0 || how.length.value_or(0) > most || how.multiple_of < 0 || how.multiple_of > most)
    throw ArgumentError("padding: expected a length and a multiple of at least 0, found " +
                        std::to_string(how.length.value_or(0)) + " and " + std::to_string(how.multiple_of));
  detail::pad(encodings, how, how.id.value_or(pipeline_->pad.value_or(0)));
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

HEADFORMER_INLINE std::string Tokenizer::join_pieces(std::span<const std::string> pieces) const {
  return pipeline_->join(pieces);
}

HEADFORMER_INLINE std::string_view Tokenizer::continuing_prefix() const { return pipeline_->model.continuing_prefix(); }

HEADFORMER_INLINE std::optional<TokenId> Tokenizer::bos() const { return pipeline_->bos; }

HEADFORMER_INLINE std::optional<TokenId> Tokenizer::eos() const { return pipeline_->eos; }

HEADFORMER_INLINE std::optional<TokenId> Tokenizer::unk() const { return pipeline_->unk; }

HEADFORMER_INLINE std::optional<TokenId> Tokenizer::pad() const { return pipeline_->pad; }

HEADFORMER_INLINE std::optional<TokenId> Tokenizer::cls() const { return pipeline_->cls; }

HEADFORMER_INLINE std::optional<TokenId> Tokenizer::mask() const { return pipeline_->mask; }

HEADFORMER_INLINE bool Tokenizer::is_special(TokenId id) const {
  const std::optional<std::string_view> text = pipeline_->decoded_text(id);
  return text && pipeline_->is_special(id, *text);
}

HEADFORMER_INLINE Tokenizer::Tokenizer(std::shared_ptr<const detail::Pipeline> pipeline)
    : pipeline_(std::move(pipeline)) {}

}  // namespace headformer
