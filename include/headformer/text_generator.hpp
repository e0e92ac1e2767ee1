#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/activations.hpp"
#include "headformer/core/cpu_features.hpp"
#include "headformer/core/executor.hpp"
#include "headformer/core/function_ref.hpp"
#include "headformer/core/log.hpp"
#include "headformer/core/token_id.hpp"
#include "headformer/generate/finish_reason.hpp"
#include "headformer/generate/generation_config.hpp"
#include "headformer/generate/hypothesis.hpp"
#include "headformer/generate/log_probabilities.hpp"
#include "headformer/models/causal_lm/session_options.hpp"
#include "headformer/weights/load_options.hpp"

namespace headformer {

class CausalLanguageModel;
struct Grammar;
class Checkpoint;
class SequenceToSequence;
class Session;
class Tokenizer;

/// How a text generator loads and runs. The defaults suit a program that has the machine to itself.
struct TextGeneratorOptions {
  LoadOptions load;
  SessionOptions session;
  std::filesystem::path draft;         ///< a smaller checkpoint of the same vocabulary, to read ahead with; empty: none
  int threads = 0;                     ///< 0: one for each processor
  std::shared_ptr<Executor> executor;  ///< the caller's own, in place of a pool of `threads`
  Isa isa = best_isa();
  Activations activations = Activations::automatic;  ///< what weights meet
  Cancellation cancellation;                         ///< ends loading with CancelledError, a stream quietly
  ProgressCallback progress;                         ///< of loading and prefilling
};

/// Ids being generated, each made when it is asked for.
class IdStream {
 public:
  IdStream(IdStream&&) noexcept;
  IdStream& operator=(IdStream&&) noexcept;
  ~IdStream();

  /// The next id, an ending one included; nothing when the generation is over.
  std::optional<TokenId> next();

  FinishReason finish_reason() const;
  const GenerationTimings& timings() const;
  /// Ids after the prompt so far.
  std::span<const TokenId> ids() const;
  /// Of each of them, where the config asks for them (n_probs).
  std::span<const TokenLogProbability> log_probabilities() const;

 private:
  friend class TextGenerator;
  struct Parts;
  explicit IdStream(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

/// Text being generated: a range of pieces, each made when it is asked for. Every piece is whole UTF-8 characters; all
/// of them together are the text, without special tokens and without a stop string.
class TextStream {
 public:
  TextStream(TextStream&&) noexcept;
  TextStream& operator=(TextStream&&) noexcept;
  ~TextStream();

  class Iterator {
   public:
    using difference_type = std::ptrdiff_t;
    using value_type = std::string_view;
    Iterator() = default;
    explicit Iterator(TextStream* stream) : stream_(stream) { ++*this; }
    std::string_view operator*() const { return stream_->piece_; }
    Iterator& operator++() {
      if (!stream_->advance()) stream_ = nullptr;
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& i, std::default_sentinel_t) { return i.stream_ == nullptr; }

   private:
    TextStream* stream_ = nullptr;
  };
  Iterator begin() { return Iterator(this); }
  std::default_sentinel_t end() const { return {}; }

  /// Makes the next piece that is not empty; false when the text is over.
  bool advance();
  std::string_view piece() const { return piece_; }
  /// All pieces so far.
  std::string text() const { return text_ + piece_; }

  FinishReason finish_reason() const;
  const GenerationTimings& timings() const;
  /// Ids after the prompt so far, an ending one included.
  std::span<const TokenId> ids() const;
  /// Of each of them, where the config asks for them (n_probs).
  std::span<const TokenLogProbability> log_probabilities() const;

 private:
  friend class TextGenerator;
  struct Parts;
  explicit TextStream(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
  std::string text_;  ///< before piece_
  std::string piece_;
};

/// Opens a language model, a decoder or an encoder-decoder, with its tokenizer and generates text:
///
///     headformer::TextGenerator generator("path/to/checkpoint");
///     for (std::string_view piece : generator.stream("Once upon a time")) std::cout << piece << std::flush;
///
/// An encoder-decoder's prompt is its source, and the text is what the decoder makes of it. One generation at a time;
/// for several at once, give each thread its own generator. Copies share the model and what it runs on.
/// (chat_generator.hpp: conversations.)
class TextGenerator {
 public:
  /// A Hugging Face folder or a GGUF file. Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
  explicit TextGenerator(const std::filesystem::path& path, TextGeneratorOptions options = {});
  explicit TextGenerator(const Checkpoint& checkpoint, TextGeneratorOptions options = {});

  /// The text that follows a prompt, piece by piece. The prompt is encoded with the special tokens the tokenizer adds.
  /// A stream is one sequence: num_beams and best_of of the checkpoint's file rest, the caller's throw ArgumentError.
  TextStream stream(std::string_view prompt, const GenerationConfig& config = {}) const;
  /// The text that follows a prompt of ids.
  TextStream stream_ids(std::vector<TokenId> prompt, const GenerationConfig& config = {}) const;
  /// The same in a session of the caller's, which goes back to what it shares with the prompt and goes on from there.
  /// It is the stream's until that is over, and then holds the prompt and what followed, for the next call. Over an
  /// encoder-decoder's source the prompt is the decoder's.
  TextStream stream_ids(const std::shared_ptr<Session>& session, std::vector<TokenId> prompt,
                        const GenerationConfig& config = {}) const;
  /// An empty session of the model, in the generator's workspace. (models/causal_lm/session.hpp)
  std::shared_ptr<Session> new_session() const;
  /// The same over a source that an encoder-decoder encodes now. Throws ArgumentError for another model, no ids, one
  /// outside the vocabulary, more than the encoder has positions for.
  std::shared_ptr<Session> new_session_over(std::span<const TokenId> source) const;

  /// num_return_sequences answers to a prompt of ids, best first: those of a beam search (num_beams), or draws, with
  /// best_of the likeliest of so many. A Hypothesis' score is what the search ranks by; of draws the mean logarithm of
  /// the tokens' probabilities, where best_of asks for it.
  std::vector<Hypothesis> answer_ids(std::vector<TokenId> prompt, const GenerationConfig& config = {}) const;
  /// The text of an answer, as a stream would give it: without special tokens, and up to a stop string.
  std::string text_of(std::span<const TokenId> ids, const GenerationConfig& config = {}) const;
  /// What holds texts of this model to a grammar, for GenerationConfig::constraint: from
  /// grammar_of_json_schema(), grammar_of_regular_expression(), parse_gbnf() or grammar_of_choices()
  /// (generate/constrained/). Made once, it serves any number of generations. A text ends with the ids of
  /// `config`, or the checkpoint's, eos_token_id. Throws ArgumentError where there are none.
  std::shared_ptr<const TokenConstraint> constraint(Grammar grammar, const GenerationConfig& config = {}) const;
  /// How likely each token of a prompt was after those before it, all but the first, with so many alternatives. Throws
  /// ArgumentError for an encoder-decoder, whose prompt is a source.
  std::vector<TokenLogProbability> score_ids(std::span<const TokenId> prompt, Index alternatives = 0) const;

  /// The whole text at once, of a beam search where the checkpoint or the caller asks for one.
  std::string generate(std::string_view prompt, const GenerationConfig& config = {}) const;
  /// Piece by piece to a callback; it returns false to stop.
  void generate(std::string_view prompt, const GenerationConfig& config,
                FunctionRef<bool(std::string_view)> on_piece) const;

  /// Ids alone, without text.
  IdStream generate_ids(std::vector<TokenId> prompt, const GenerationConfig& config = {}) const;

  /// Throws ArgumentError where a generation from this prompt would: no ids, one outside the vocabulary, a length past
  /// the learned positions or past its own max_length, more than one answer without sampling.
  void expect_runnable(std::span<const TokenId> prompt, const GenerationConfig& config = {}) const;

  /// Throws IoError when the checkpoint has none.
  const Tokenizer& tokenizer() const;
  /// The decoder, of an encoder-decoder too.
  const CausalLanguageModel& model() const;
  /// nullptr: the model is no encoder-decoder.
  const SequenceToSequence* sequence_to_sequence() const;
  /// What the checkpoint says about generating; what a caller gives is laid over it.
  const GenerationConfig& defaults() const;

  /// Nothing for a checkpoint that was published without one: ids can still be generated.
  static std::optional<Tokenizer> open_tokenizer(const Checkpoint& checkpoint);

 private:
  struct Parts;
  std::shared_ptr<const Parts> parts_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/text_generator-inl.hpp"
#endif
