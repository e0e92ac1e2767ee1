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
#include "headformer/formats/messages.hpp"
#include "headformer/generate/best_of.hpp"
#include "headformer/generate/constrained/grammar.hpp"
#include "headformer/generate/constrained/token_constraint.hpp"
#include "headformer/generate/draft_sequence.hpp"
#include "headformer/generate/generation.hpp"
#include "headformer/generate/group_beam_search.hpp"
#include "headformer/generate/guided_sequence.hpp"
#include "headformer/generate/prompt_lookup.hpp"
#include "headformer/generate/speculative_sequence.hpp"
#include "headformer/generate/stop_strings.hpp"
#include "headformer/models/causal_lm/session.hpp"
#include "headformer/models/causal_lm/session_group.hpp"
#include "headformer/models/generation_rules.hpp"
#include "headformer/preprocess/detokenizer.hpp"
#include "headformer/preprocess/tokenizer.hpp"
#include "headformer/text_generator.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

// --- streams ---

struct IdStream::Parts {
  Generation<AnyTokenSequence> generation;
};

HEADFORMER_INLINE IdStream::IdStream(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
HEADFORMER_INLINE IdStream::IdStream(IdStream&&) noexcept = default;
HEADFORMER_INLINE IdStream& IdStream::operator=(IdStream&&) noexcept = default;
HEADFORMER_INLINE IdStream::~IdStream() = default;
HEADFORMER_INLINE std::optional<TokenId> IdStream::next() { return parts_->generation.next(); }
HEADFORMER_INLINE FinishReason IdStream::finish_reason() const { return parts_->generation.finish_reason(); }
HEADFORMER_INLINE const GenerationTimings& IdStream::timings() const { return parts_->generation.timings(); }
HEADFORMER_INLINE std::span<const TokenId> IdStream::ids() const { return parts_->generation.generated(); }
HEADFORMER_INLINE std::span<const TokenLogProbability> IdStream::log_probabilities() const {
  return parts_->generation.log_probabilities();
}

struct TextStream::Parts {
  Generation<AnyTokenSequence> generation;
  Tokenizer tokenizer;
  Detokenizer detokenizer;
  StopStrings stop;     ///< of the text
  StopMatcher matcher;  ///< of the tokens

  Parts(Generation<AnyTokenSequence> started, const Tokenizer& of, const std::vector<std::string>& stop_strings)
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
HEADFORMER_INLINE std::span<const TokenLogProbability> TextStream::log_probabilities() const {
  return parts_->generation.log_probabilities();
}

// --- the generator ---

namespace detail {

/// The tokens that a text's breakers are made of: one that has a breaker in it, or one that ends with its beginning and
/// the tokens of the rest.
HEADFORMER_COLD inline std::vector<std::vector<TokenId>> breakers(const Tokenizer& tokenizer,
                                                                  const std::vector<std::string>& texts) {
  std::vector<std::vector<TokenId>> result;
  for (TokenId id = 0; id < tokenizer.size(); ++id) {
    const std::string token = tokenizer.text_bytes(id);
    for (const std::string& text : texts) {
      if (token.empty() || text.empty()) continue;
      if (token.find(text) != std::string::npos) {
        result.push_back({id});
        continue;
      }
      for (std::size_t length = std::min(text.size() - 1, token.size()); length > 0; --length) {
        if (!token.ends_with(std::string_view(text).substr(0, length))) continue;
        std::vector<TokenId>& sequence = result.emplace_back(std::vector<TokenId>{id});
        for (const TokenId rest : tokenizer.encode(std::string_view(text).substr(length), false))
          sequence.push_back(rest);
      }
    }
  }
  return result;
}

}  // namespace detail

struct TextGenerator::Parts {
  TextGeneratorOptions options;
  std::shared_ptr<Workspace> workspace;
  std::string name;
  std::optional<Tokenizer> tokenizer;
  GenerationConfig defaults;
  std::shared_ptr<const SequenceToSequence> seq2seq;  ///< nullptr: the model is a decoder alone
  std::shared_ptr<const CausalLanguageModel> model;
  std::shared_ptr<const CausalLanguageModel> draft;  ///< nullptr: none

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
    if (!options.draft.empty()) open_draft(Checkpoint::open(options.draft), load);
  }

  HEADFORMER_COLD void open_draft(const Checkpoint& checkpoint, const LoadOptions& load) {
    if (seq2seq) throw ArgumentError("draft: expected none for an encoder-decoder, found " + checkpoint.name());
    draft = open_causal_lm(checkpoint, load);
    const Index vocabulary = draft->config().vocabulary;
    if (vocabulary != model->config().vocabulary)
      throw ArgumentError("draft: expected the vocabulary of " + name + ", " +
                          std::to_string(model->config().vocabulary) + " ids, found " + std::to_string(vocabulary) +
                          " in " + checkpoint.name());
    const std::optional<Tokenizer> own = open_tokenizer(checkpoint);
    if (!own || !tokenizer) return;
    for (TokenId id = 0; id < std::max(own->size(), tokenizer->size()); ++id) {
      if (id < std::min(own->size(), tokenizer->size()) && own->token_text(id) == tokenizer->token_text(id)) continue;
      throw ArgumentError("draft: expected the tokens of " + name + ", found others in " + checkpoint.name() +
                          " from id " + std::to_string(id) + " on");
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

  /// The caller's over the defaults, with what only a tokenizer knows.
  HEADFORMER_COLD GenerationConfig complete(const GenerationConfig& given) const {
    GenerationConfig config = given.over(defaults);
    if (config.dry_multiplier.value_or(0) == 0 || config.dry_breaker_ids) return config;
    if (!tokenizer && config.dry_sequence_breakers)
      throw ArgumentError(name + ": dry_sequence_breakers: expected a tokenizer, found none");
    if (tokenizer)
      config.dry_breaker_ids = detail::breakers(
          *tokenizer, config.dry_sequence_breakers.value_or(std::vector<std::string>{"\n", ":", "\"", "*"}));
    return config;
  }
  /// The same for one sequence.
  GenerationConfig complete_single(const GenerationConfig& given) const {
    const auto expect_one = [](const char* key, Index found) {
      if (found > 1)
        throw ArgumentError(std::string(key) + ": expected 1 for a stream, found " + std::to_string(found));
    };
    expect_one("num_beams", given.num_beams.value_or(1));
    expect_one("best_of", given.best_of.value_or(1));
    GenerationConfig config = complete(given);
    config.forget_search();
    config.num_return_sequences = given.num_return_sequences;
    return config;
  }

  /// Before anything is computed. `config` is complete.
  HEADFORMER_COLD void expect_runnable(std::span<const TokenId> prompt, const GenerationConfig& config) const {
    if (!seq2seq) {
      if (config.negative_prompt_ids) model->expect_in_vocabulary(*config.negative_prompt_ids);
      return detail::expect_answers(*model, name, prompt, config);
    }
    if (config.guidance_scale.value_or(1) != 1)
      throw ArgumentError("guidance_scale: expected 1 for an encoder-decoder, found " +
                          detail::number_text(*config.guidance_scale));
    seq2seq->encoder().expect_encodable(prompt);
    detail::expect_answers(*model, name, detail::decoder_prompt(config), config);
  }

  /// From the prompt, or over it where it is a source.
  Generation<AnyTokenSequence> start(std::vector<TokenId> prompt, const GenerationConfig& config) const {
    expect_runnable(prompt, config);
    if (!seq2seq) return start(new_session(), std::move(prompt), config);
    const std::shared_ptr<Session> session = new_session_over(prompt);
    return start(session, detail::decoder_prompt(config), config, std::move(prompt));
  }
  Generation<AnyTokenSequence> start(const std::shared_ptr<Session>& session, std::vector<TokenId> prompt,
                                     const GenerationConfig& config, std::vector<TokenId> source = {}) const {
    detail::expect_answers(*model, name, prompt, config);
    const Index held = session->keep_common(prompt);
    const SharedSession shared(session);
    AnyTokenSequence sequence = ahead(shared, std::span(prompt).first(static_cast<std::size_t>(held)), config);
    if (const double scale = config.guidance_scale.value_or(1); scale != 1)
      sequence = AnyTokenSequence(GuidedSequence(shared, SharedSession(new_session()), scale,
                                                 config.negative_prompt_ids.value_or(std::vector<TokenId>{})));
    return {std::move(sequence), std::move(prompt), config, options.cancellation, held, std::move(source)};
  }

  /// The sequence as it is, or reading ahead.
  AnyTokenSequence ahead(const SharedSession& session, std::span<const TokenId> held,
                         const GenerationConfig& config) const {
    const Index depth = config.assistant_early_exit.value_or(0);
    if (depth > 0 && seq2seq) throw ArgumentError("assistant_early_exit: expected none for an encoder-decoder");
    if (const Index tokens = config.prompt_lookup_num_tokens.value_or(0); depth == 0 && tokens > 0)
      return AnyTokenSequence(
          SpeculativeSequence(session, PromptLookup{tokens, config.max_matching_ngram_size.value_or(2)}, held));
    if (depth == 0 && !draft) return AnyTokenSequence(session);
    const auto& with = depth > 0 ? model : draft;
    const auto guessing =
        std::make_shared<Session>(with, workspace, with->new_sequence(options.session.cache, depth), options.session);
    DraftOptions drafting;
    drafting.tokens = config.num_assistant_tokens.value_or(drafting.tokens);
    drafting.adapts = config.num_assistant_tokens_schedule.value_or("constant") != "constant";
    drafting.confidence = config.assistant_confidence_threshold.value_or(drafting.confidence);
    return AnyTokenSequence(SpeculativeSequence(session, DraftSequence(SharedSession(guessing), drafting), held));
  }

  /// None where no strings stop.
  std::optional<StopMatcher> stop_matcher(const GenerationConfig& config) const {
    if (!config.stop_strings || config.stop_strings->empty()) return std::nullopt;
    if (!tokenizer) throw ArgumentError(name + ": stop_strings: expected a tokenizer, found none");
    return StopMatcher(*config.stop_strings);
  }

  std::vector<Hypothesis> search(std::vector<TokenId> prompt, const GenerationConfig& config) const {
    SearchOptions search;
    search.cancellation = options.cancellation;
    if (const std::optional<StopMatcher> matcher = stop_matcher(config)) {
      search.stops = [this, matcher](std::span<const TokenId> history) {
        StopMatcher own = *matcher;
        bool found = false;
        for (const TokenId id : history.last(std::min(history.size(), own.longest() + 1)))
          found = id < tokenizer->size() && own.push(tokenizer->text_bytes(id));
        return found;
      };
    }
    const std::shared_ptr<Session> session = seq2seq ? new_session_over(prompt) : new_session();
    if (seq2seq) search.source = std::exchange(prompt, detail::decoder_prompt(config));
    SessionGroup group(std::move(*session));
    return search_beams(group, std::move(prompt), config, std::move(search));
  }

  /// Each with a seed of its own, in one session: the prompt is computed once.
  std::vector<Hypothesis> draw(std::vector<TokenId> prompt, GenerationConfig config, Index count) const {
    const std::uint64_t seed = seed_of(config);
    const bool rank = config.best_of.value_or(1) > 1;
    if (rank) config.n_probs = 0;
    const std::shared_ptr<Session> session = seq2seq ? new_session_over(prompt) : new_session();
    std::vector<TokenId> source;
    if (seq2seq) source = std::exchange(prompt, detail::decoder_prompt(config));
    std::vector<Hypothesis> answers;
    for (Index i = 0; i < count; ++i) {
      config.seed = nth_seed(seed, static_cast<std::uint64_t>(i));
      IdStream::Parts stream{start(session, prompt, config, source)};
      std::optional<StopMatcher> stop = stop_matcher(config);
      if (stop)
        for (const TokenId id : prompt) stop->push(tokenizer->text_bytes(id));
      while (const auto id = stream.generation.next()) {
        if (stop && *id < tokenizer->size() && stop->push(tokenizer->text_bytes(*id)))
          stream.generation.stop(FinishReason::stop_string);
      }
      const std::span<const TokenId> ids = stream.generation.generated();
      answers.push_back({{ids.begin(), ids.end()}, 0, stream.generation.finish_reason()});
      double sum = 0;
      for (const TokenLogProbability& token : stream.generation.log_probabilities())
        sum += static_cast<double>(token.log_probability);
      answers.back().score = ids.empty() ? 0 : static_cast<float>(sum / static_cast<double>(ids.size()));
    }
    return rank ? best_of(std::move(answers), [](const Hypothesis& answer) { return answer.score; }) : answers;
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
  const GenerationConfig merged = parts_->complete_single(config);
  return TextStream(std::make_unique<TextStream::Parts>(parts_->start(std::move(prompt), merged), tokenizer(),
                                                        merged.stop_strings.value_or(std::vector<std::string>{})));
}
HEADFORMER_INLINE TextStream TextGenerator::stream_ids(const std::shared_ptr<Session>& session,
                                                       std::vector<TokenId> prompt,
                                                       const GenerationConfig& config) const {
  const GenerationConfig merged = parts_->complete_single(config);
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
      new IdStream::Parts{parts_->start(std::move(prompt), parts_->complete_single(config))}));
}
HEADFORMER_INLINE void TextGenerator::expect_runnable(std::span<const TokenId> prompt,
                                                      const GenerationConfig& config) const {
  parts_->expect_runnable(prompt, parts_->complete(config));
}

HEADFORMER_INLINE std::vector<Hypothesis> TextGenerator::answer_ids(std::vector<TokenId> prompt,
                                                                    const GenerationConfig& config) const {
  const GenerationConfig merged = parts_->complete(config);
  parts_->expect_runnable(prompt, merged);
  const auto count = merged.num_return_sequences.value_or(1);
  std::vector<Hypothesis> answers = merged.num_beams.value_or(1) > 1
                                        ? parts_->search(std::move(prompt), merged)
                                        : parts_->draw(std::move(prompt), merged, merged.best_of.value_or(count));
  if (static_cast<Index>(answers.size()) > count) answers.resize(static_cast<std::size_t>(count));
  return answers;
}
HEADFORMER_INLINE std::string TextGenerator::text_of(std::span<const TokenId> ids,
                                                     const GenerationConfig& config) const {
  const GenerationConfig merged = config.over(parts_->defaults);
  const std::vector<TokenId> ends = merged.eos_token_id.value_or(std::vector<TokenId>{});
  Detokenizer detokenizer(tokenizer());
  StopStrings stop(merged.stop_strings.value_or(std::vector<std::string>{}));
  std::string text;
  for (const TokenId id : ids) {
    if (id < tokenizer().size() && std::find(ends.begin(), ends.end(), id) == ends.end())
      text += stop.push(detokenizer.push(id));
  }
  text += stop.push(detokenizer.finish());
  return text += stop.finish();
}
HEADFORMER_COLD HEADFORMER_INLINE std::shared_ptr<const TokenConstraint> TextGenerator::constraint(
    Grammar grammar, const GenerationConfig& config) const {
  const Tokenizer& tokenizer = this->tokenizer();
  std::vector<std::string> texts(static_cast<std::size_t>(model().config().vocabulary));
  for (TokenId id = 0; id < std::min<Index>(tokenizer.size(), model().config().vocabulary); ++id)
    if (!tokenizer.is_special(id)) texts[static_cast<std::size_t>(id)] = tokenizer.text_bytes(id);
  return std::make_shared<const TokenConstraint>(std::move(grammar), std::move(texts),
                                                 config.over(defaults()).eos_token_id.value_or(std::vector<TokenId>{}));
}
HEADFORMER_INLINE std::vector<TokenLogProbability> TextGenerator::score_ids(std::span<const TokenId> prompt,
                                                                            Index alternatives) const {
  if (parts_->seq2seq) throw ArgumentError(parts_->name + ": expected a decoder for a prompt's log-probabilities");
  parts_->expect_runnable(prompt, {});
  std::vector<TokenLogProbability> result;
  const std::shared_ptr<Session> session = new_session();
  for (std::size_t i = 0; i + 1 < prompt.size(); ++i)
    result.push_back(log_probability(session->append(prompt.subspan(i, 1)), prompt[i + 1], alternatives));
  return result;
}

HEADFORMER_INLINE std::string TextGenerator::generate(std::string_view prompt, const GenerationConfig& config) const {
  const GenerationConfig merged = config.over(parts_->defaults);
  if (merged.num_beams.value_or(1) > 1 || merged.best_of.value_or(1) > 1) {
    const std::vector<Hypothesis> answers = answer_ids(tokenizer().encode(prompt), config);
    return answers.empty() ? std::string() : text_of(answers.front().ids, config);
  }
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
