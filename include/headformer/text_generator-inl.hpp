#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "headformer/auto_causal_lm.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/core/thread_pool.hpp"
#include "headformer/generate/generation.hpp"
#include "headformer/generate/stop_strings.hpp"
#include "headformer/models/session.hpp"
#include "headformer/preprocess/detokenizer.hpp"
#include "headformer/preprocess/tokenizer.hpp"
#include "headformer/text_generator.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

// --- streams ---

struct IdStream::Parts {
  Generation<Session> generation;
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
  Generation<Session> generation;
  Detokenizer detokenizer;
  StopStrings stop;
};

HEADFORMER_INLINE TextStream::TextStream(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
HEADFORMER_INLINE TextStream::TextStream(TextStream&&) noexcept = default;
HEADFORMER_INLINE TextStream& TextStream::operator=(TextStream&&) noexcept = default;
HEADFORMER_INLINE TextStream::~TextStream() = default;

HEADFORMER_INLINE bool TextStream::advance() {
  auto& [generation, detokenizer, stop] = *parts_;
  piece_.clear();
  while (piece_.empty()) {
    const std::optional<TokenId> id = generation.next();
    if (!id) {
      piece_ = stop.push(detokenizer.finish());
      piece_ += stop.finish();
      return !piece_.empty();
    }
    if (generation.is_end(*id)) continue;
    piece_ = stop.push(detokenizer.push(*id));
    if (stop.stopped()) generation.stop(FinishReason::stop_string);
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
  std::shared_ptr<const CausalLanguageModel> model;

  HEADFORMER_COLD Parts(const Checkpoint& checkpoint, TextGeneratorOptions given)
      : options(std::move(given)),
        workspace(std::make_shared<Workspace>(
            options.executor ? options.executor : std::make_shared<ThreadPool>(options.threads), options.isa)),
        name(checkpoint.name()),
        tokenizer(open_tokenizer(checkpoint)),
        defaults(read_defaults(checkpoint)) {
    LoadOptions load = options.load;
    if (load.executor == nullptr) load.executor = workspace->executor.get();
    load.cancellation = options.cancellation;
    load.progress = options.progress;
    model = open_causal_lm(checkpoint, load);
  }

  /// generation_config.json; where there is none, the keys that config.json held before it existed; for a GGUF what its
  /// tokenizer says.
  HEADFORMER_COLD GenerationConfig read_defaults(const Checkpoint& checkpoint) const {
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
    if (!config.eos_token_id) config.eos_token_id = end_ids(checkpoint);
    return config;
  }

  /// Where a text or a turn of a conversation ends, as the tokenizer's metadata says.
  HEADFORMER_COLD std::vector<TokenId> end_ids(const Checkpoint& checkpoint) const {
    std::vector<TokenId> ids;
    if (!tokenizer) return ids;
    if (const auto eos = tokenizer->eos()) ids.push_back(*eos);
    if (checkpoint.is_gguf() && checkpoint.gguf().has("tokenizer.ggml.eot_token_id")) {
      ids.push_back(
          static_cast<TokenId>(checkpoint.gguf().integer("tokenizer.ggml.eot_token_id", 0, tokenizer->size() - 1)));
    }
    return ids;
  }

  /// `config` is complete: the caller's over the defaults.
  Generation<Session> start(std::vector<TokenId> prompt, const GenerationConfig& config) const {
    const Index limit = model->config().learned_positions;
    const auto length = static_cast<Index>(prompt.size());
    if (limit > 0 && length + std::max<Index>(config.new_tokens(length), 1) - 1 > limit) {
      throw ArgumentError("prompt: " + std::to_string(length) + " tokens and " +
                          std::to_string(config.new_tokens(length)) + " new ones pass the model's context of " +
                          std::to_string(limit) + " learned positions");
    }
    Session session(model, workspace, options.session);
    session.progress = options.progress;
    session.cancellation = options.cancellation;
    return Generation<Session>(std::move(session), std::move(prompt), config, options.cancellation);
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
  return TextStream(std::unique_ptr<TextStream::Parts>(
      new TextStream::Parts{parts_->start(std::move(prompt), merged), Detokenizer(tokenizer()),
                            StopStrings(merged.stop_strings.value_or(std::vector<std::string>{}))}));
}
HEADFORMER_INLINE IdStream TextGenerator::generate_ids(std::vector<TokenId> prompt,
                                                       const GenerationConfig& config) const {
  return IdStream(std::unique_ptr<IdStream::Parts>(
      new IdStream::Parts{parts_->start(std::move(prompt), config.over(parts_->defaults))}));
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
HEADFORMER_INLINE const GenerationConfig& TextGenerator::defaults() const { return parts_->defaults; }

HEADFORMER_COLD HEADFORMER_INLINE std::optional<Tokenizer> TextGenerator::open_tokenizer(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) {
    if (!checkpoint.gguf().has("tokenizer.ggml.model")) return std::nullopt;
    return Tokenizer::from_gguf(checkpoint.gguf());
  }
  if (checkpoint.files()("tokenizer.json").name().empty()) return std::nullopt;
  return Tokenizer::from_files(checkpoint.files());
}

}  // namespace headformer
