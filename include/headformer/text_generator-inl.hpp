#pragma once

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "headformer/auto_causal_lm.hpp"
#include "headformer/auto_seq2seq.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/core/thread_pool.hpp"
#include "headformer/generate/generation.hpp"
#include "headformer/generate/stop_strings.hpp"
#include "headformer/models/causal_lm/session.hpp"
#include "headformer/models/generation_rules.hpp"
#include "headformer/preprocess/detokenizer.hpp"
#include "headformer/preprocess/tokenizer.hpp"
#include "headformer/text_generator.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

// --- streams ---

struct IdStream::Parts {
  Generation<SharedSession> generation;
};

HEADFORMER_INLINE IdStream::IdStream(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
HEADFORMER_INLINE IdStream::IdStream(IdStream&&) noexcept = default;
HEADFORMER_INLINE IdStream& IdStream::operator=(IdStream&&) noexcept = default;
HEADFORMER_INLINE IdStream::~IdStream() = default;
HEADFORMER_INLINE std::optional<TokenId> IdStream::next() { return parts_->generation.next(); }
HEADFORMER_INLINE FinishReason IdStream::finish_reason() const { return parts_->generation.finish_reason(); }
HEADFORMER_INLINE const GenerationTimings& IdStream::timings() const { return parts_->generation.timings(); }
HEADFORMER_INLINE std::span<const TokenId> IdStream::ids() const { return parts_->generation.generated(); }

struct TextStream::Parts {
  Generation<SharedSession> generation;
  Tokenizer tokenizer;
  Detokenizer detokenizer;
  StopStrings stop;     ///< of the text
  StopMatcher matcher;  ///< of the tokens

  Parts(Generation<SharedSession> started, const Tokenizer& of, const std::vector<std::string>& stop_strings)
      : generation(std::move(started)), tokenizer(of), detokenizer(of), stop(stop_strings), matcher(stop_strings) {
    const std::span<const TokenId> prompt = generation.history();
    for (const TokenId id : prompt.last(std::min(prompt.size(), matcher.longest())))
      matcher.push(tokenizer.text_bytes(id));
  }
};

HEADFORMER_INLINE TextStream::TextStream(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
HEADFORMER_INLINE TextStream::TextStream(TextStream&&) noexcept = default;
HEADFORMER_INLINE TextStream& TextStream::operator=(TextStream&&) noexcept = default;
HEADFORMER_INLINE TextStream::~TextStream() = default;

HEADFORMER_INLINE bool TextStream::advance() {
  Parts& parts = *parts_;
  const auto the_rest = [&] {
    std::string rest = parts.stop.push(parts.detokenizer.finish());
    return rest += parts.stop.finish();
  };
  text_ += piece_;
  piece_.clear();
  while (piece_.empty()) {
    const std::optional<TokenId> id = parts.generation.next();
    if (!id) {
      piece_ = the_rest();
      return !piece_.empty();
    }
    // A model's vocabulary may be padded past the tokenizer's: such an id is no text.
    if (parts.generation.is_end(*id) || *id >= parts.tokenizer.size()) continue;
    piece_ = parts.stop.push(parts.detokenizer.push(*id));
    const bool at_stop = parts.matcher.longest() > 0 && parts.matcher.push(parts.tokenizer.text_bytes(*id));
    if (at_stop || parts.stop.stopped()) {
      parts.generation.stop(FinishReason::stop_string);
      piece_ += the_rest();
      return !piece_.empty();
    }
  }
  return true;
}

HEADFORMER_INLINE FinishReason TextStream::finish_reason() const { return parts_->generation.finish_reason(); }
HEADFORMER_INLINE const GenerationTimings& TextStream::timings() const { return parts_->generation.timings(); }
HEADFORMER_INLINE std::span<const TokenId> TextStream::ids() const { return parts_->generation.generated(); }

// --- the generator ---

struct TextGenerator::Parts {
  TextGeneratorOptions options;
  std::shared_ptr<Workspace> workspace;
  std::string name;
  std::optional<Tokenizer> tokenizer;
  GenerationConfig defaults;
  std::shared_ptr<const SequenceToSequence> seq2seq;  ///< nullptr: the model is a decoder alone
  std::shared_ptr<const CausalLanguageModel> model;

  HEADFORMER_COLD Parts(const Checkpoint& checkpoint, TextGeneratorOptions given)
      : options(std::move(given)),
        workspace(std::make_shared<Workspace>(
            options.executor ? options.executor : std::make_shared<ThreadPool>(options.threads), options.isa,
            options.activations)),
        name(checkpoint.name()),
        tokenizer(open_tokenizer(checkpoint)),
        defaults(read_defaults(checkpoint)) {
    LoadOptions load = options.load;
    if (load.executor == nullptr) load.executor = workspace->executor.get();
    load.cancellation = options.cancellation;
    load.progress = options.progress;
    if (is_seq2seq(checkpoint)) {
      seq2seq = open_seq2seq(checkpoint, load);
      model = {seq2seq, &seq2seq->decoder()};
      defaults = detail::read_generation_config(checkpoint, seq2seq->config());
    } else {
      model = open_causal_lm(checkpoint, load);
    }
  }

  /// generation_config.json; where there is none, the keys that config.json held before it existed; for a GGUF what its
  /// tokenizer says.
  HEADFORMER_COLD GenerationConfig read_defaults(const Checkpoint& checkpoint) const {
    if (!checkpoint.is_gguf()) return detail::read_generation_config(checkpoint);
    GenerationConfig config;
    config.eos_token_id = end_ids(checkpoint);
    return config;
  }

  /// Where a text or a turn of a conversation ends, as the tokenizer's metadata says.
  HEADFORMER_COLD std::vector<TokenId> end_ids(const Checkpoint& checkpoint) const {
    std::vector<TokenId> ids;
    if (!tokenizer) return ids;
    if (const auto eos = tokenizer->eos()) ids.push_back(*eos);
    if (checkpoint.gguf().has("tokenizer.ggml.eot_token_id")) {
      ids.push_back(
          static_cast<TokenId>(checkpoint.gguf().integer("tokenizer.ggml.eot_token_id", 0, tokenizer->size() - 1)));
    }
    return ids;
  }

  std::shared_ptr<Session> new_session() const { return new_session(model->new_sequence(options.session.cache)); }
  std::shared_ptr<Session> new_session(SequenceState state) const {
    auto session = std::make_shared<Session>(model, workspace, std::move(state), options.session);
    session->progress = options.progress;
    session->cancellation = options.cancellation;
    return session;
  }

  std::shared_ptr<Session> new_session_over(std::span<const TokenId> source) const {
    if (!seq2seq) throw ArgumentError(name + ": expected an encoder-decoder for a source, found a decoder");
    EncoderInput input;
    input.ids = source;
    const DType cache = options.session.cache;
    return new_session(seq2seq->new_sequence(seq2seq->encode(*workspace, input, cache), cache));
  }

  /// Before anything is computed. `config` is complete: the caller's over the defaults.
  HEADFORMER_COLD void expect_runnable(std::span<const TokenId> prompt, const GenerationConfig& config) const {
    if (!seq2seq) return detail::expect_generation(*model, name, prompt, config);
    seq2seq->encoder().expect_encodable(prompt);
    detail::expect_generation(*model, name, detail::decoder_prompt(config), config);
  }

  /// From the prompt, or over it where it is a source.
  Generation<SharedSession> start(std::vector<TokenId> prompt, const GenerationConfig& config) const {
    expect_runnable(prompt, config);
    if (!seq2seq) return start(new_session(), std::move(prompt), config);
    const std::shared_ptr<Session> session = new_session_over(prompt);
    return start(session, detail::decoder_prompt(config), config, std::move(prompt));
  }
  Generation<SharedSession> start(const std::shared_ptr<Session>& session, std::vector<TokenId> prompt,
                                  const GenerationConfig& config, std::vector<TokenId> source = {}) const {
    detail::expect_generation(*model, name, prompt, config);
    const Index held = session->keep_common(prompt);
    return {SharedSession(session), std::move(prompt), config, options.cancellation, held, std::move(source)};
  }
};

HEADFORMER_COLD HEADFORMER_INLINE TextGenerator::TextGenerator(const std::filesystem::path& path,
                                                               TextGeneratorOptions options)
    : TextGenerator(Checkpoint::open(path), std::move(options)) {}
HEADFORMER_COLD HEADFORMER_INLINE TextGenerator::TextGenerator(const Checkpoint& checkpoint,
                                                               TextGeneratorOptions options)
    : parts_(std::make_shared<const Parts>(checkpoint, std::move(options))) {}

HEADFORMER_INLINE TextStream TextGenerator::stream(std::string_view prompt, const GenerationConfig& config) const {
  return stream_ids(tokenizer().encode(prompt), config);
}
HEADFORMER_INLINE TextStream TextGenerator::stream_ids(std::vector<TokenId> prompt,
                                                       const GenerationConfig& config) const {
  const GenerationConfig merged = config.over(parts_->defaults);
  return TextStream(std::make_unique<TextStream::Parts>(parts_->start(std::move(prompt), merged), tokenizer(),
                                                        merged.stop_strings.value_or(std::vector<std::string>{})));
}
HEADFORMER_INLINE TextStream TextGenerator::stream_ids(const std::shared_ptr<Session>& session,
                                                       std::vector<TokenId> prompt,
                                                       const GenerationConfig& config) const {
  const GenerationConfig merged = config.over(parts_->defaults);
  return TextStream(std::make_unique<TextStream::Parts>(parts_->start(session, std::move(prompt), merged), tokenizer(),
                                                        merged.stop_strings.value_or(std::vector<std::string>{})));
}
HEADFORMER_INLINE std::shared_ptr<Session> TextGenerator::new_session() const { return parts_->new_session(); }
HEADFORMER_INLINE std::shared_ptr<Session> TextGenerator::new_session_over(std::span<const TokenId> source) const {
  return parts_->new_session_over(source);
}

HEADFORMER_INLINE IdStream TextGenerator::generate_ids(std::vector<TokenId> prompt,
                                                       const GenerationConfig& config) const {
  return IdStream(std::unique_ptr<IdStream::Parts>(
      new IdStream::Parts{parts_->start(std::move(prompt), config.over(parts_->defaults))}));
}
HEADFORMER_INLINE void TextGenerator::expect_runnable(std::span<const TokenId> prompt,
                                                      const GenerationConfig& config) const {
  parts_->expect_runnable(prompt, config.over(parts_->defaults));
}

HEADFORMER_INLINE std::string TextGenerator::generate(std::string_view prompt, const GenerationConfig& config) const {
  std::string text;
  for (const std::string_view piece : stream(prompt, config)) text += piece;
  return text;
}
HEADFORMER_INLINE void TextGenerator::generate(std::string_view prompt, const GenerationConfig& config,
                                               FunctionRef<bool(std::string_view)> on_piece) const {
  for (const std::string_view piece : stream(prompt, config)) {
    if (!on_piece(piece)) return;
  }
}

HEADFORMER_INLINE const Tokenizer& TextGenerator::tokenizer() const {
  if (!parts_->tokenizer) {
    throw IoError(parts_->name +
                  ": expected a tokenizer (tokenizer.json, or tokenizer.ggml.model in a GGUF), found none");
  }
  return *parts_->tokenizer;
}
HEADFORMER_INLINE const CausalLanguageModel& TextGenerator::model() const { return *parts_->model; }
HEADFORMER_INLINE const SequenceToSequence* TextGenerator::sequence_to_sequence() const {
  return parts_->seq2seq.get();
}
HEADFORMER_INLINE const GenerationConfig& TextGenerator::defaults() const { return parts_->defaults; }

HEADFORMER_COLD HEADFORMER_INLINE std::optional<Tokenizer> TextGenerator::open_tokenizer(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) {
    if (!checkpoint.gguf().has("tokenizer.ggml.model")) return std::nullopt;
    return Tokenizer::from_gguf(checkpoint.gguf());
  }
  return Tokenizer::find(checkpoint.files());
}

}  // namespace headformer
