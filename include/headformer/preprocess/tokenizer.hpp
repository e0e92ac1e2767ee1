#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/mapped_file.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/core/token_id.hpp"
#include "headformer/preprocess/encoding.hpp"

namespace headformer {

class Executor;
class Gguf;
namespace detail {
class Pipeline;
}

/// Two texts that go to a model together, or one when `second` has no value.
struct TextPair {
  std::string_view first;
  std::optional<std::string_view> second;
};

/// Text to token ids and back, as a checkpoint's own tokenizer does it: byte pair encoding (byte-level or not),
/// WordPiece, unigram and word-level models, with every component of the `tokenizers` library's format. Immutable;
/// copies are cheap and share it, and any number of threads may use one at the same time.
///
/// Text is UTF-8. The reference is `tokenizers` 0.23 under transformers 5.23; truncation and padding that a file asks
/// for are left aside, and so is `dropout`, which is for training: a text always has the same tokens.
class Tokenizer {
 public:
  /// The tokenizer of a Hugging Face folder or of a GGUF file: see from_files and from_gguf. Throws IoError when there
  /// is nothing to read at `path`.
  static Tokenizer from(const std::filesystem::path& path);

  /// The tokenizer of a Hugging Face folder's files, as AutoTokenizer.from_pretrained(folder) makes it. The first of
  /// these counts: the files of a class that runs in Python (vocab.json with Marian's source.spm, with M2M-100's
  /// sentencepiece.bpe.model, with the small Blenderbot's merges.txt); tokenizer.json; vocab.json with merges.txt;
  /// vocab.txt; a SentencePiece model (tokenizer.model, spiece.model, sentencepiece.bpe.model, spm.model); tiktoken's
  /// (tokenizer.tiktoken, *.tiktoken by its known names). Beside them tokenizer_config.json, special_tokens_map.json,
  /// added_tokens.json and config.json where they are there. Most tokenizer classes take the vocabulary, the added
  /// tokens and sometimes the post-processor from tokenizer.json and the rest from the class; add_bos_token and
  /// add_eos_token of the configuration do nothing where there is a tokenizer.json. Throws FormatError, naming file,
  /// component and what was found, when a file is missing or broken or has a component that is not known.
  static Tokenizer from_files(const FileReader& files);

  /// The same, or nothing where the files hold no tokenizer.
  static std::optional<Tokenizer> find(const FileReader& files);

  /// The tokenizer of a GGUF file's metadata (tokenizer.ggml.*): model `gpt2` with its named pre-tokenizers, `llama`,
  /// `bert` and `t5`. It gives what the publisher's own tokenizer gives. Throws FormatError, naming file and key, when
  /// a key is missing or broken or names a model or pre-tokenizer that is not known. Keeps the file mapped.
  static Tokenizer from_gguf(const Gguf& file);

  /// The same tokenizer, to which this token of its vocabulary is a special one: found whole in a text as it came,
  /// before it is normalised. Itself where a text of nothing else is that token already. Throws ArgumentError when no
  /// token is spelled so.
  Tokenizer with_special_token(std::string_view token) const;

  /// The ids of a text, with the special tokens around it that the tokenizer adds. Texts of special and other added
  /// tokens inside become their ids. Throws ArgumentError when the text is no UTF-8 (with the offset of the first byte
  /// that is not) or holds 256 MiB or more, or needs more steps of a regular expression than are allowed.
  std::vector<TokenId> encode(std::string_view text, bool add_special_tokens = true) const;

  /// The tokens of one text or two with their places in it, segments, words and masks; truncated and padded as asked.
  /// Slower than the ids alone. Throws as encode(text) does, and ArgumentError when the options ask for the impossible.
  Encoding encode(const TextPair& texts, const EncodeOptions& options) const;

  /// The ids of many texts, in their order; the executor's workers share them. Throws the first error of any.
  std::vector<std::vector<TokenId>> encode_batch(std::span<const std::string_view> texts, Executor& executor,
                                                 bool add_special_tokens = true) const;

  /// The same with all that encode(texts, options) finds; padding goes up to the longest of the batch.
  std::vector<Encoding> encode_batch(std::span<const TextPair> texts, Executor& executor,
                                     const EncodeOptions& options) const;

  /// The text of ids. What is no UTF-8 becomes U+FFFD as in the reference; clean_up_tokenization_spaces of the
  /// configuration counts where it does there: not for byte pair models. Throws ArgumentError when an id is none of the
  /// vocabulary's.
  std::string decode(std::span<const TokenId> ids, bool skip_special_tokens = false) const;

  /// The size of the vocabulary with added tokens: the greatest id + 1.
  Index size() const;

  /// The id of a token's text as the vocabulary spells it; nothing when it has none.
  std::optional<TokenId> id_of(std::string_view token) const;

  /// A token's text as the vocabulary spells it ("Ġthe", "▁the", "<0x41>"); empty for an id that no token has. Throws
  /// ArgumentError when the id is not below size().
  std::string token_text(TokenId id) const;

  /// The bytes that a token puts into a text that has begun, whole characters or not ("Ġthe" and "▁the": " the",
  /// "<0x41>": "A"); a special token's are its name. Empty for an id that no token has.
  std::string text_bytes(TokenId id) const;

  /// The text of pieces as the vocabulary spells them, without the configuration's clean-up: transformers'
  /// convert_tokens_to_string.
  std::string join_pieces(std::span<const std::string> pieces) const;

  /// What pieces inside a word begin with ("##"); empty where the model does not mark them.
  std::string_view continuing_prefix() const;

  /// The special tokens that the checkpoint names; nothing where it does not.
  std::optional<TokenId> bos() const;
  std::optional<TokenId> eos() const;
  std::optional<TokenId> unk() const;
  std::optional<TokenId> pad() const;
  std::optional<TokenId> cls() const;
  std::optional<TokenId> mask() const;

  /// Whether decoding with skip_special_tokens leaves this id out; false for an id that no token has.
  bool is_special(TokenId id) const;

 private:
  friend class Detokenizer;
  explicit Tokenizer(std::shared_ptr<const detail::Pipeline> pipeline);
  Encoding encode_unpadded(const TextPair& texts, const EncodeOptions& options) const;
  void pad(std::vector<Encoding>& encodings, const EncodeOptions& options) const;

  std::shared_ptr<const detail::Pipeline> pipeline_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/preprocess/tokenizer-inl.hpp"
#endif
