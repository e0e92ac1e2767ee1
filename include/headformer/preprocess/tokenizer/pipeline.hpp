#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/error.hpp"
#include "headformer/preprocess/tokenizer/added_tokens.hpp"
#include "headformer/preprocess/tokenizer/bpe.hpp"
#include "headformer/preprocess/tokenizer/decoders.hpp"
#include "headformer/preprocess/tokenizer/normalizers.hpp"
#include "headformer/preprocess/tokenizer/post_processor.hpp"
#include "headformer/preprocess/tokenizer/pre_tokenizers.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

/// A tokenizer's parts as data, in the order a text goes through them: added tokens cut out, normaliser, pre-tokenizer,
/// model, post-processor; and the decoder for the way back. Immutable once built.
class Pipeline {
 public:
  explicit Pipeline(BpeModel bpe) : model(std::move(bpe)) {}

  std::vector<Normalizer> normalizers;
  std::vector<PreTokenizer> pre_tokenizers;
  BpeModel model;
  bool model_reads_bytes = false;  // the last pre-tokenizer is ByteLevel: its spelling is the model's business
  AddedTokens added;
  std::vector<SingleTemplate> post_processors;
  std::optional<std::vector<Decoder>> decoders;  // nothing: token texts are joined by spaces
  std::optional<TokenId> bos, eos, unk, pad;

  /// The normaliser as a function for AddedTokens::add; empty when there is none.
  AddedTokens::Normalize normalizer() const {
    if (normalizers.empty()) return nullptr;
    return [this](std::string_view text) {
      std::string result(text);
      normalize(normalizers, result);
      return result;
    };
  }

  std::vector<TokenId> encode(std::string_view text, bool add_special_tokens) const {
    if (text.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()) / 8)
      throw ArgumentError("text: expected less than 256 MiB at once, found " + std::to_string(text.size()) + " bytes");
    if (const std::size_t valid = unicode::utf8_valid_prefix(text); valid < text.size())
      throw ArgumentError("text: expected UTF-8, found an invalid sequence at byte " + std::to_string(valid));
    Run run;
    added.split(text, false, [&](std::size_t begin, std::size_t end, TokenId id) {
      if (id != Vocabulary::none) return run.ids.push_back(id);
      encode_stretch(text.substr(begin, end - begin), begin == 0, run);
    });
    return post_process(post_processors, std::move(run.ids), add_special_tokens);
  }

  /// The greatest id + 1, added tokens included.
  std::size_t size() const { return std::max(model.vocabulary().size(), added.size()); }

  bool is_added_special(TokenId id) const {
    const AddedToken* token = added.token(id);
    return token != nullptr && token->special;
  }
  /// What decoding sees of an id; nothing for one that no token has.
  std::optional<std::string_view> decoded_text(TokenId id) const {
    if (const std::string* text = added.text(id)) return *text;
    if (model.vocabulary().has(id)) return model.vocabulary().text_of(id);
    return std::nullopt;
  }
  /// The bytes that an id puts into a text that has begun, whether or not they are whole characters; none for an id
  /// that no token has.
  std::string text_bytes(TokenId id) const {
    const std::optional<std::string_view> text = decoded_text(id);
    if (!text) return {};
    if (!decoders) return " " + std::string(*text);
    std::string bytes;
    for (const Decoder& step : *decoders) {
      if (std::holds_alternative<ByteLevelDecoder>(step) && ByteAlphabet::get().append_bytes(bytes, *text))
        return bytes;
      if (std::holds_alternative<ByteFallbackDecoder>(step)) {
        if (const int byte = fallback_byte(*text); byte >= 0)
          return std::string(1, static_cast<char>(static_cast<unsigned char>(byte)));
      }
    }
    constexpr std::string_view begun = "x";
    DecoderRun run(*decoders);
    run.push(begun, bytes);
    run.push(*text, bytes);
    run.finish(bytes);
    return bytes.substr(std::min(begun.size(), bytes.size()));
  }
  /// Throws ArgumentError when the id is none of the vocabulary's.
  void check(TokenId id) const {
    if (id < 0 || static_cast<std::size_t>(id) >= size())
      throw ArgumentError("token id: expected one in [0, " + std::to_string(size() - std::min<std::size_t>(size(), 1)) +
                          "], found " + std::to_string(id));
  }

 private:
  struct Run {
    std::vector<TokenId> ids;
    Words words;
    RegexScratch regex;
    BpeScratch bpe;
  };

  /// A stretch of the input between added tokens.
  void encode_stretch(std::string_view stretch, bool starts_input, Run& run) const {
    std::string text(stretch);
    normalize(normalizers, text);
    added.split(text, true, [&](std::size_t begin, std::size_t end, TokenId id) {
      if (id != Vocabulary::none) return run.ids.push_back(id);
      run.words.text.assign(text, begin, end - begin);
      run.words.pieces.assign(1, {0, end - begin});
      run.words.starts_input = starts_input && begin == 0;
      pre_tokenize(pre_tokenizers, run.words, run.regex);
      for (const TextSpan piece : run.words.pieces)
        model.encode(std::string_view(run.words.text).substr(piece.begin, piece.end - piece.begin), model_reads_bytes,
                     run.bpe, run.ids);
    });
  }
};

/// Turns token ids into text as they come; what push() and finish() append, one after the other, is the text of all.
class TextRun {
 public:
  TextRun(std::shared_ptr<const Pipeline> pipeline, bool skip_special_tokens)
      : pipeline_(std::move(pipeline)), skip_special_tokens_(skip_special_tokens) {
    if (pipeline_->decoders) run_.emplace(*pipeline_->decoders);
  }

  /// Throws ArgumentError when the id is none of the vocabulary's; nothing has changed then.
  void push(TokenId id, std::string& result) {
    pipeline_->check(id);
    const std::optional<std::string_view> text = pipeline_->decoded_text(id);
    if (!text || (skip_special_tokens_ && pipeline_->added.is_special(*text))) return;
    if (run_) {
      run_->push(*text, result);
    } else {
      if (begun_) result += ' ';
      result += *text;
    }
    begun_ = true;
  }
  void finish(std::string& result) {
    if (run_) run_->finish(result);
    begun_ = false;
    if (run_) run_.emplace(*pipeline_->decoders);
  }

 private:
  std::shared_ptr<const Pipeline> pipeline_;
  bool skip_special_tokens_;
  std::optional<DecoderRun> run_;
  bool begun_ = false;
};

}  // namespace headformer::detail
