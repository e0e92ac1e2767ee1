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
#include "headformer/preprocess/encoding.hpp"
#include "headformer/preprocess/tokenizer/added_tokens.hpp"
#include "headformer/preprocess/tokenizer/encode_scratch.hpp"
#include "headformer/preprocess/tokenizer/encoding_steps.hpp"
#include "headformer/preprocess/tokenizer/models/model.hpp"
#include "headformer/preprocess/tokenizer/steps/decoder_run.hpp"
#include "headformer/preprocess/tokenizer/steps/normalizers.hpp"
#include "headformer/preprocess/tokenizer/steps/post_processor.hpp"
#include "headformer/preprocess/tokenizer/steps/pre_tokenizers.hpp"
#include "headformer/preprocess/tokenizer/text_offsets.hpp"
#include "headformer/preprocess/tokenizer/token_sink.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

/// What a stretch of text may begin with that is one token, whatever is inside: Marian's ">>fra<<".
struct LeadingCode {
  std::string open, close;

  /// The bytes of the code that the text begins with; 0 where it begins with none.
  std::size_t size_in(std::string_view text) const {
    if (!text.starts_with(open)) return 0;
    const std::size_t end = text.find(close);
    return end == std::string_view::npos ? 0 : end + close.size();
  }
};

/// A tokenizer's parts as data, in the order a text goes through them: added tokens cut out, normaliser, pre-tokenizer,
/// model, post-processor; and the decoder for the way back. Immutable once finished.
class Pipeline {
 public:
  explicit Pipeline(Model kind) : model(std::move(kind)) {}

  std::vector<Normalizer> normalizers;
  std::vector<PreTokenizer> pre_tokenizers;
  Model model;
  std::optional<Vocabulary> target;  // what ids are decoded by, where it is not the model's vocabulary
  AddedTokens added;
  std::optional<LeadingCode> leading_code;
  PostProcessor post_processor;
  std::vector<Decoder> decoders{JoinDecoder{}};
  std::size_t clean_up_steps = 0;  // how many of the last decoders are no part of the tokenizer's own decoder
  std::optional<TokenId> bos, eos, unk, pad, cls, mask;

  /// The normaliser as a function for AddedTokens::add; empty when there is none.
  AddedTokens::Normalize normalizer() const {
    if (normalizers.empty()) return nullptr;
    return [this](std::string_view text) {
      AlignedText result;
      result.text = text;
      normalize(normalizers, result);
      return result.text;
    };
  }

  /// To be called once, when all parts are there.
  void finish() {
    added.finish();
    single_ = post_processor.single();
    if (!pre_tokenizers.empty()) {
      // The last ByteLevel step leaves the spelling to the model, which has the alphabet's letters by byte.
      auto* last = std::get_if<ByteLevelPreTokenizer>(&pre_tokenizers.back());
      if (last != nullptr && model.bpe() != nullptr) {
        last->spell = false;
        model_reads_bytes_ = true;
      }
    }
    // Whether a word begins the input is plain to see only where nothing before has moved or cut it.
    for (std::size_t i = 0; i < pre_tokenizers.size(); ++i) {
      const auto* metaspace = std::get_if<MetaspacePreTokenizer>(&pre_tokenizers[i]);
      if (metaspace != nullptr && metaspace->prepend == MetaspacePreTokenizer::Prepend::first)
        always_tracked_ = always_tracked_ || i > 0 || !normalizers.empty();
    }
  }

  std::vector<TokenId> encode(std::string_view text, bool add_special_tokens) const {
    if (!single_ || always_tracked_) {
      EncodeOptions options;
      options.add_special_tokens = add_special_tokens;
      return encode({&text, 1}, options).ids;
    }
    check_text(text);
    TokenSink sink;
    run(text, sink);
    return post_process(*single_, std::move(sink.ids), add_special_tokens);
  }

  /// One text or two, with all that is known about each token; without padding.
  Encoding encode(std::span<const std::string_view> texts, const EncodeOptions& options) const {
    std::vector<Encoding> parts;
    std::vector<TextPlaces> places;
    CutTokens cut;
    for (const std::string_view text : texts) {
      check_text(text);
      TokenSink sink;
      sink.tracked = true;
      sink.cut_id = model.unknown_as_text();
      sink.cut = &cut;
      run(text, sink);
      sink.encoding.ids = std::move(sink.ids);
      places.emplace_back(text);
      sink.encoding.type_ids.assign(sink.encoding.size(), static_cast<std::int32_t>(parts.size()));
      sink.encoding.sequence_ids.assign(sink.encoding.size(), 0);
      sink.encoding.attention_mask.assign(sink.encoding.size(), 1);
      for (TextOffsets& offsets : sink.encoding.offsets) offsets = places.back().characters(offsets);
      parts.push_back(std::move(sink.encoding));
    }
    if (options.truncation) truncate_parts(parts, *options.truncation, options.add_special_tokens);
    Encoding result =
        post_processor.run(std::move(parts), options.add_special_tokens, [&](TokenId id, std::uint8_t mark) {
          return mark >= CutTokens::cut ? cut.spaces(mark) : spaces_of(model_text(id));
        });
    if (options.offsets == OffsetUnit::bytes) count_bytes(result, places);
    return result;
  }

  /// The greatest id + 1, added tokens included.
  std::size_t size() const { return std::max(decoded_vocabulary().size(), added.size()); }

  bool is_added_special(TokenId id) const {
    const AddedToken* token = added.token(id);
    return token != nullptr && token->special;
  }
  /// Whether decoding without special tokens leaves out an id of this text. As in the reference texts tell, but for a
  /// vocabulary that is not the one that special tokens have their ids in.
  bool is_special(TokenId id, std::string_view text) const {
    return target ? is_added_special(id) : added.is_special(text);
  }
  /// What decoding sees of an id; nothing for one that no token has.
  std::optional<std::string_view> decoded_text(TokenId id) const {
    if (const std::string* text = added.text(id)) return *text;
    if (decoded_vocabulary().has(id)) return decoded_vocabulary().text_of(id);
    return std::nullopt;
  }
  /// The bytes that an id puts into a text that has begun, whether or not they are whole characters; none for an id
  /// that no token has.
  std::string text_bytes(TokenId id) const {
    const std::optional<std::string_view> text = decoded_text(id);
    if (!text) return {};
    std::string bytes;
    for (const Decoder& step : decoders) {
      if (std::holds_alternative<ByteLevelDecoder>(step) && ByteAlphabet::get().append_bytes(bytes, *text))
        return bytes;
      if (std::holds_alternative<ByteFallbackDecoder>(step)) {
        if (const int byte = fallback_byte(*text); byte >= 0)
          return std::string(1, static_cast<char>(static_cast<unsigned char>(byte)));
      }
    }
    constexpr std::string_view begun = "x";
    DecoderRun run(decoders);
    run.push(begun, bytes);
    run.push(*text, bytes);
    run.finish(bytes);
    return bytes.substr(std::min(begun.size(), bytes.size()));
  }
  /// The text of pieces as the vocabulary spells them.
  std::string join(std::span<const std::string> pieces) const {
    std::string text;
    DecoderRun run(std::span<const Decoder>(decoders).first(decoders.size() - clean_up_steps));
    for (const std::string& piece : pieces) run.push(piece, text);
    run.finish(text);
    return text;
  }
  /// Throws ArgumentError when the id is none of the vocabulary's.
  void check(TokenId id) const {
    if (id < 0 || static_cast<std::size_t>(id) >= size())
      throw ArgumentError("token id: expected one in [0, " + std::to_string(size() - std::min<std::size_t>(size(), 1)) +
                          "], found " + std::to_string(id));
  }

 private:
  const Vocabulary& decoded_vocabulary() const { return target ? *target : model.vocabulary(); }

  /// The text of a token that the model made.
  std::string_view model_text(TokenId id) const {
    return model.vocabulary().has(id) ? model.vocabulary().text_of(id) : decoded_text(id).value_or("");
  }

  static void check_text(std::string_view text) {
    if (text.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()) / 8)
      throw ArgumentError("text: expected less than 256 MiB at once, found " + std::to_string(text.size()) + " bytes");
    if (const std::size_t valid = unicode::utf8_valid_prefix(text); valid < text.size())
      throw ArgumentError("text: expected UTF-8, found an invalid sequence at byte " + std::to_string(valid));
  }

  void run(std::string_view text, TokenSink& sink) const {
    const ScratchPool::Lease lease(scratches_);
    EncodeScratch& scratch = *lease;
    added.split(text, false, [&](std::size_t begin, std::size_t end, TokenId id) {
      if (id == Vocabulary::none && leading_code) begin += put_leading_code(text, begin, end, scratch.stretch, sink);
      scratch.stretch.assign(text, begin, end, sink.tracked);
      if (id != Vocabulary::none) return put_added(scratch.stretch, 0, end - begin, id, sink);
      normalize(normalizers, scratch.stretch);
      run_normalized(begin == 0, scratch, sink);
    });
  }

  /// Answers the bytes of the code that text[begin, end) begins with.
  std::size_t put_leading_code(std::string_view text, std::size_t begin, std::size_t end, AlignedText& stretch,
                               TokenSink& sink) const {
    const std::string_view rest = text.substr(begin, end - begin);
    const std::size_t size = leading_code->size_in(rest);
    if (size == 0) return 0;
    stretch.assign(text, begin, begin + size, sink.tracked);
    const TokenId id = model.vocabulary().find(rest.substr(0, size));
    put_added(stretch, 0, size, id == Vocabulary::none ? unk.value_or(0) : id, sink);
    return size;
  }

  /// The words of a normalised stretch of the input between added tokens.
  void run_normalized(bool starts_input, EncodeScratch& scratch, TokenSink& sink) const {
    AlignedText& stretch = scratch.stretch;
    Words& words = scratch.words;
    added.split(stretch.text, true, [&](std::size_t begin, std::size_t end, TokenId id) {
      if (id != Vocabulary::none) return put_added(stretch, begin, end, id, sink);
      if (begin == 0 && end == stretch.text.size()) {
        std::swap(words.text, stretch);  // nothing follows that looks at it
      } else {
        words.text.assign(stretch, begin, end);
      }
      words.pieces.assign(1, {0, end - begin});
      words.starts_input = starts_input && begin == 0;
      pre_tokenize(pre_tokenizers, words, scratch.regex);
      for (const TextSpan piece : words.pieces) put_word(words, piece, scratch, sink);
    });
  }

  static void put_added(const AlignedText& text, std::size_t begin, std::size_t end, TokenId id, TokenSink& sink) {
    ++sink.word;
    if (sink.tracked) {
      sink.origins = std::span(text.origins).subspan(begin, end - begin);
      sink.text = std::string_view(text.text).substr(begin, end - begin);
    }
    const TokenId usual = std::exchange(sink.cut_id, id);
    sink.token(id, 0, end - begin);
    sink.cut_id = usual;
  }

  void put_word(const Words& words, TextSpan piece, EncodeScratch& scratch, TokenSink& sink) const {
    if (sink.tracked) {
      ++sink.word;
      sink.origins = std::span(words.text.origins).subspan(piece.begin, piece.end - piece.begin);
      sink.text = words.view(piece);
      return model.encode(sink.text, false, scratch.model, sink);
    }
    const BpeModel* bpe = model_reads_bytes_ ? nullptr : model.bpe();
    for (std::string_view rest = words.view(piece); !rest.empty();) {
      const std::string_view word = rest.substr(0, bpe != nullptr ? bpe->independent_prefix(rest) : rest.size());
      rest.remove_prefix(word.size());
      if (word.size() <= decltype(scratch.short_words)::longest_word) {
        put_cached(word, scratch.short_words, scratch.model, sink);
      } else if (word.size() <= decltype(scratch.long_words)::longest_word) {
        put_cached(word, scratch.long_words, scratch.model, sink);
      } else {
        model.encode(word, model_reads_bytes_, scratch.model, sink);
      }
    }
  }
  template <class Cache>
  void put_cached(std::string_view word, Cache& cache, ModelScratch& scratch, TokenSink& sink) const {
    const std::uint64_t hash = Cache::hash_of(word);
    std::size_t count = 0;
    if (const TokenId* ids = cache.find(hash, word, count)) {
      sink.ids.insert(sink.ids.end(), ids, ids + count);
      return;
    }
    const std::size_t before = sink.ids.size();
    model.encode(word, model_reads_bytes_, scratch, sink);
    cache.store(hash, word, std::span<const TokenId>(sink.ids).subspan(before));
  }

  void truncate_parts(std::vector<Encoding>& parts, const Truncation& how, bool add_special_tokens) const {
    const std::size_t special = add_special_tokens ? post_processor.added(parts.size() > 1) : 0;
    if (how.max_length < static_cast<Index>(special) || how.stride < 0)
      throw ArgumentError("truncation: expected a max_length of at least " + std::to_string(special) +
                          ", the special tokens, and a stride of at least 0, found " + std::to_string(how.max_length) +
                          " and " + std::to_string(how.stride));
    truncate(parts.front(), parts.size() > 1 ? &parts[1] : nullptr, static_cast<std::size_t>(how.max_length) - special,
             how);
  }

  static void count_bytes(Encoding& encoding, const std::vector<TextPlaces>& places) {
    for (std::size_t i = 0; i < encoding.size(); ++i) {
      const std::int32_t sequence = encoding.sequence_ids[i];
      if (sequence >= 0 && static_cast<std::size_t>(sequence) < places.size())
        encoding.offsets[i] = places[static_cast<std::size_t>(sequence)].bytes(encoding.offsets[i]);
    }
    for (Encoding& part : encoding.overflowing) count_bytes(part, places);
  }

  std::optional<SingleTemplate> single_;
  bool model_reads_bytes_ = false;  // the last pre-tokenizer is ByteLevel: its spelling is the model's business
  bool always_tracked_ = false;
  mutable ScratchPool scratches_;
};

/// Turns token ids into text as they come; what push() and finish() append, one after the other, is the text of all.
class TextRun {
 public:
  TextRun(std::shared_ptr<const Pipeline> pipeline, bool skip_special_tokens)
      : pipeline_(std::move(pipeline)), skip_special_tokens_(skip_special_tokens), run_(pipeline_->decoders) {}

  /// Throws ArgumentError when the id is none of the vocabulary's; nothing has changed then.
  void push(TokenId id, std::string& result) {
    pipeline_->check(id);
    const std::optional<std::string_view> text = pipeline_->decoded_text(id);
    if (!text || (skip_special_tokens_ && pipeline_->is_special(id, *text))) return;
    run_.push(*text, result);
  }
  void finish(std::string& result) {
    run_.finish(result);
    run_ = DecoderRun(pipeline_->decoders);
  }

 private:
  std::shared_ptr<const Pipeline> pipeline_;
  bool skip_special_tokens_;
  DecoderRun run_;
};

}  // namespace headformer::detail
