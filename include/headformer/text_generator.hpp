#pragma once

#include <functional>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/auto_causal_lm.hpp"
#include "headformer/generate/generation.hpp"
#include "headformer/generate/stop_strings.hpp"
#include "headformer/models/session.hpp"
#include "headformer/preprocess/chat_template.hpp"
#include "headformer/preprocess/detokenizer.hpp"
#include "headformer/preprocess/tokenizer.hpp"

namespace headformer {

/// How a text generator loads and runs. The defaults suit a program that has the machine to itself.
struct TextGeneratorOptions {
  LoadOptions load;
  SessionOptions session;
  int threads = 0;                     ///< 0: one for each processor
  std::shared_ptr<Executor> executor;  ///< the caller's own, in place of a pool of `threads`
  Isa isa = best_isa();
  Activations activations = Activations::automatic;  ///< what weights meet
  Cancellation cancellation;                         ///< ends loading with CancelledError, a stream quietly
  ProgressCallback progress;                         ///< of loading and prefilling
};

/// Text being generated: a range of pieces, each made when it is asked for. Every piece is whole UTF-8 characters; all
/// of them together are the text, without special tokens and without a stop string.
class TextStream {
 public:
  TextStream(Generation<SharedSession> generation, const Tokenizer& tokenizer, std::vector<std::string> stop_strings)
      : generation_(std::move(generation)), detokenizer_(tokenizer), stop_(std::move(stop_strings)) {}

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
  bool advance() {
    text_ += piece_;
    piece_.clear();
    while (piece_.empty()) {
      const std::optional<TokenId> id = generation_.next();
      if (!id) {
        piece_ = stop_.push(detokenizer_.finish()) + stop_.finish();
        return !piece_.empty();
      }
      if (generation_.is_end(*id)) continue;
      piece_ = stop_.push(detokenizer_.push(*id));
      if (stop_.stopped()) generation_.stop(FinishReason::stop_string);
    }
    return true;
  }
  std::string_view piece() const { return piece_; }
  /// All pieces so far.
  std::string text() const { return text_ + piece_; }

  FinishReason finish_reason() const { return generation_.finish_reason(); }
  const GenerationTimings& timings() const { return generation_.timings(); }
  /// Ids after the prompt so far, an ending one included.
  std::span<const TokenId> ids() const { return generation_.generated(); }

 private:
  Generation<SharedSession> generation_;
  Detokenizer detokenizer_;
  StopStrings stop_;
  std::string text_;  ///< before piece_
  std::string piece_;
};

/// Opens a decoder language model with its tokenizer and generates text:
///
///     headformer::TextGenerator generator("path/to/checkpoint");
///     for (std::string_view piece : generator.stream("Once upon a time")) std::cout << piece << std::flush;
///
/// One generation at a time; for several at once, give each thread its own generator made from the same model.
class TextGenerator {
 public:
  /// A Hugging Face folder or a GGUF file. Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
  explicit TextGenerator(const std::filesystem::path& path, TextGeneratorOptions options = {})
      : TextGenerator(Checkpoint::open(path), std::move(options)) {}

  explicit TextGenerator(const Checkpoint& checkpoint, TextGeneratorOptions options = {})
      : options_(std::move(options)),
        workspace_(make_workspace(options_)),
        name_(checkpoint.name()),
        tokenizer_(open_tokenizer(checkpoint)),
        chat_template_(open_chat_template(checkpoint)),
        defaults_(read_defaults(checkpoint, tokenizer_)) {
    LoadOptions load = options_.load;
    if (load.executor == nullptr) load.executor = workspace_->executor.get();
    load.cancellation = options_.cancellation;
    load.progress = options_.progress;
    model_ = open_causal_lm(checkpoint, load);
  }

  /// The text that follows a prompt, piece by piece. The prompt is encoded with the special tokens the tokenizer adds.
  TextStream stream(std::string_view prompt, const GenerationConfig& config = {}) const {
    return stream_ids(tokenizer().encode(prompt), config);
  }
  /// The answer to a conversation, through the checkpoint's chat template. Throws ConfigError when it has none.
  TextStream chat(std::span<const ChatMessage> messages, const GenerationConfig& config = {}) const {
    return stream_ids(tokenizer().encode(chat_template().render(messages, true), false), config);
  }
  /// The text that follows a prompt of ids.
  TextStream stream_ids(std::vector<TokenId> prompt, const GenerationConfig& config = {}) const {
    const GenerationConfig merged = config.over(defaults_);
    return stream_of(start(new_session(), std::move(prompt), merged), merged);
  }
  /// The same in a session of the caller's, which goes back to what it shares with the prompt and goes on from there.
  /// It is the stream's until that is over, and then holds the prompt and what followed, for the next call.
  TextStream stream_ids(const std::shared_ptr<Session>& session, std::vector<TokenId> prompt,
                        const GenerationConfig& config = {}) const {
    const GenerationConfig merged = config.over(defaults_);
    return stream_of(start(session, std::move(prompt), merged), merged);
  }
  /// An empty session of the model, in the generator's workspace.
  std::shared_ptr<Session> new_session() const {
    auto session = std::make_shared<Session>(model_, workspace_, options_.session);
    session->progress = options_.progress;
    session->cancellation = options_.cancellation;
    return session;
  }

  /// The whole text at once.
  std::string generate(std::string_view prompt, const GenerationConfig& config = {}) const {
    std::string text;
    for (const std::string_view piece : stream(prompt, config)) text += piece;
    return text;
  }
  /// Piece by piece to a callback; it returns false to stop.
  void generate(std::string_view prompt, const GenerationConfig& config,
                FunctionRef<bool(std::string_view)> on_piece) const {
    for (const std::string_view piece : stream(prompt, config)) {
      if (!on_piece(piece)) return;
    }
  }
  /// Ids alone, without text.
  Generation<SharedSession> generate_ids(std::vector<TokenId> prompt, const GenerationConfig& config = {}) const {
    return start(new_session(), std::move(prompt), config.over(defaults_));
  }

  /// Throws IoError when the checkpoint has none.
  const Tokenizer& tokenizer() const {
    if (!tokenizer_)
      throw IoError(name_ + ": expected a tokenizer (tokenizer.json, or tokenizer.ggml.model in a GGUF), found none");
    return *tokenizer_;
  }
  const CausalLanguageModel& model() const { return *model_; }
  /// What the checkpoint says about generating; what a caller gives is laid over it.
  const GenerationConfig& defaults() const { return defaults_; }
  bool has_chat_template() const { return chat_template_.has_value(); }
  const ChatTemplate& chat_template() const {
    if (!chat_template_) throw ConfigError(name_ + ": expected a chat template, found none");
    return *chat_template_;
  }

  /// Nothing for a checkpoint that was published without one: ids can still be generated.
  static std::optional<Tokenizer> open_tokenizer(const Checkpoint& checkpoint) {
    if (checkpoint.is_gguf()) {
      if (!checkpoint.gguf().has("tokenizer.ggml.model")) return std::nullopt;
      return Tokenizer::from_gguf(checkpoint.gguf());
    }
    if (checkpoint.files()("tokenizer.json").name().empty()) return std::nullopt;
    return Tokenizer::from_files(checkpoint.files());
  }
  static std::optional<ChatTemplate> open_chat_template(const Checkpoint& checkpoint) {
    return checkpoint.is_gguf() ? ChatTemplate::from_gguf(checkpoint.gguf())
                                : ChatTemplate::from_files(checkpoint.files());
  }

 private:
  static std::shared_ptr<Workspace> make_workspace(const TextGeneratorOptions& options) {
    return std::make_shared<Workspace>(
        options.executor ? options.executor : std::make_shared<ThreadPool>(options.threads), options.isa,
        options.activations);
  }

  /// generation_config.json; where there is none, the keys that config.json held before it existed; for a GGUF what its
  /// tokenizer says.
  static GenerationConfig read_defaults(const Checkpoint& checkpoint, const std::optional<Tokenizer>& tokenizer) {
    GenerationConfig config;
    if (!checkpoint.is_gguf()) {
      const Bytes file = checkpoint.files()("generation_config.json");
      if (!file.name().empty()) {
        const Json json = parse_json(file);
        config = GenerationConfig::from_checkpoint(JsonObject(json, file.name()));
      } else {
        config = GenerationConfig::from_checkpoint(checkpoint.config());
      }
    }
    if (!config.eos_token_id) config.eos_token_id = end_ids(checkpoint, tokenizer);
    return config;
  }

  /// Where a text or a turn of a conversation ends, as the tokenizer's metadata says.
  static std::vector<TokenId> end_ids(const Checkpoint& checkpoint, const std::optional<Tokenizer>& tokenizer) {
    std::vector<TokenId> ids;
    if (!tokenizer) return ids;
    if (const auto eos = tokenizer->eos()) ids.push_back(*eos);
    if (checkpoint.is_gguf() && checkpoint.gguf().has("tokenizer.ggml.eot_token_id")) {
      ids.push_back(
          static_cast<TokenId>(checkpoint.gguf().integer("tokenizer.ggml.eot_token_id", 0, tokenizer->size() - 1)));
    }
    return ids;
  }

  TextStream stream_of(Generation<SharedSession> generation, const GenerationConfig& merged) const {
    return TextStream(std::move(generation), tokenizer(), merged.stop_strings.value_or(std::vector<std::string>{}));
  }

  Generation<SharedSession> start(const std::shared_ptr<Session>& session, std::vector<TokenId> prompt,
                                  const GenerationConfig& config) const {
    const Index limit = model_->config().learned_positions;
    const auto length = static_cast<Index>(prompt.size());
    if (limit > 0 && length + std::max<Index>(config.new_tokens(length), 1) - 1 > limit) {
      throw ArgumentError("prompt: " + std::to_string(length) + " tokens and " +
                          std::to_string(config.new_tokens(length)) + " new ones pass the model's context of " +
                          std::to_string(limit) + " learned positions");
    }
    const Index held = session->keep_common(prompt);
    return {SharedSession(session), std::move(prompt), config, options_.cancellation, held};
  }

  TextGeneratorOptions options_;
  std::shared_ptr<Workspace> workspace_;
  std::string name_;
  std::optional<Tokenizer> tokenizer_;
  std::optional<ChatTemplate> chat_template_;
  GenerationConfig defaults_;
  std::shared_ptr<const CausalLanguageModel> model_;
};

/// A conversation through the checkpoint's chat template. Each turn computes only what is new in it: its session goes
/// back to where the rendered conversation first differs from what it holds, and goes on from there. The answers are
/// the same as those of TextGenerator::chat. Outlived by its generator.
class Conversation {
 public:
  /// Begins with `messages`, if any: a system prompt, a conversation so far. Throws ConfigError without a template.
  explicit Conversation(const TextGenerator& generator, GenerationConfig config = {},
                        std::vector<ChatMessage> messages = {})
      : generator_(generator),
        template_(generator.chat_template()),
        config_(std::move(config)),
        session_(generator.new_session()),
        messages_(std::move(messages)) {}

  /// Adds a turn of the user and returns the answer's stream, which lives until the next turn; as much of it as has
  /// been drawn by then is the assistant's turn. Throws what the template raises; then nothing has changed.
  TextStream& say(std::string text) {
    std::vector<ChatMessage> next = messages();
    next.push_back({"user", std::move(text)});
    return answer_to(std::move(next));
  }
  /// Puts other messages in place of all so far and returns the answer to them.
  TextStream& answer_to(std::vector<ChatMessage> messages) {
    std::vector<TokenId> prompt = generator_.tokenizer().encode(template_.render(messages, true), false);
    TextStream stream = generator_.stream_ids(session_, std::move(prompt), config_);
    messages_ = std::move(messages);
    return answer_.emplace(std::move(stream));
  }

  /// All turns, the answer as far as it has been drawn included.
  std::vector<ChatMessage> messages() const {
    std::vector<ChatMessage> all = messages_;
    if (answer_) all.push_back({"assistant", answer_->text()});
    return all;
  }

 private:
  const TextGenerator& generator_;
  const ChatTemplate& template_;
  GenerationConfig config_;
  std::shared_ptr<Session> session_;
  std::vector<ChatMessage> messages_;
  std::optional<TextStream> answer_;
};

}  // namespace headformer
