#pragma once

#include <optional>
#include <utility>

#include "headformer/auto_seq2seq.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/generate/generation.hpp"
#include "headformer/models/causal_lm/session.hpp"
#include "headformer/models/generation_rules.hpp"
#include "headformer/pipelines/machinery.hpp"
#include "headformer/pipelines/text_to_text.hpp"
#include "headformer/pipelines/token_limit.hpp"
#include "headformer/preprocess/tokenizer.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

namespace detail {

/// The token of a language: its code, or M2M-100's "__en__".
inline std::optional<TokenId> language_token(const Tokenizer& tokenizer, const std::string& language) {
  for (const std::string& token : {language, "__" + language + "__"}) {
    const std::optional<TokenId> id = tokenizer.id_of(token);
    if (id && tokenizer.is_special(*id)) return id;
  }
  return std::nullopt;
}

}  // namespace detail

struct TextToText::Parts {
  std::string name;
  std::shared_ptr<Workspace> workspace;
  std::shared_ptr<const SequenceToSequence> model;
  Tokenizer tokenizer;
  Index max_length;
  Cancellation cancellation;
  ProgressCallback progress;
  GenerationConfig defaults;
  std::string prefix;
  std::optional<TokenId> source_language;

  HEADFORMER_COLD Parts(const Checkpoint& checkpoint, TextToTextTask task, const PipelineOptions& options)
      : name(checkpoint.name()),
        workspace(detail::pipeline_workspace(options)),
        model(open_seq2seq(checkpoint, detail::pipeline_loading(options, *workspace->executor))),
        tokenizer(Tokenizer::from_files(checkpoint.files())),
        max_length(
            detail::token_limit(checkpoint, detail::usable_positions(model->encoder().config()), options.max_length)),
        cancellation(options.cancellation),
        progress(options.progress),
        defaults(detail::read_generation_config(checkpoint, model->config())) {
    const JsonObject config = checkpoint.config();
    read_languages(config, task);
    prefix = config.string_or("prefix", "");
    if (!has_task(config, task.name)) return;
    const JsonObject own = config.object("task_specific_params").object(task.name);
    const std::optional<std::vector<TokenId>> language = defaults.forced_bos_token_id;
    defaults = GenerationConfig::from_checkpoint(own).over(defaults);
    if (!task.target_language.empty()) defaults.forced_bos_token_id = language;
    prefix = own.string_or("prefix", prefix);
  }

  static bool has_task(const JsonObject& config, const std::string& name) {
    return !name.empty() && config.has("task_specific_params") && config.object("task_specific_params").has(name);
  }

  HEADFORMER_COLD void read_languages(const JsonObject& config, TextToTextTask& task) {
    if (!task.target_language.empty()) {
      if (const auto token = detail::language_token(tokenizer, task.target_language)) {
        defaults.forced_bos_token_id = {*token};
      } else {
        task.name = "translation_" + task.source_language + "_to_" + task.target_language;
        if (!has_task(config, task.name)) fail_language("target", task.target_language);
        return;  // the task's prefix says both
      }
    }
    if (task.source_language.empty()) return;
    source_language = detail::language_token(tokenizer, task.source_language);
    if (!source_language) fail_language("source", task.source_language);
  }

  [[noreturn]] static void fail_language(const std::string& side, const std::string& language) {
    throw ArgumentError(side +
                        " language: expected one that the tokenizer has a token for, or a translation of the config's "
                        "task_specific_params, found " +
                        detail::quoted(language));
  }

  /// Of a text with the task's prefix, in the source's language.
  Encoding tokens(std::string_view text) const {
    EncodeOptions options;
    if (max_length > 0) options.truncation = Truncation{.max_length = max_length, .keep_overflowing = false};
    const std::string whole = prefix + std::string(text);
    Encoding encoding = tokenizer.encode(TextPair{whole, {}}, options);
    if (!source_language) return encoding;
    for (std::size_t i = 0; i < encoding.ids.size(); ++i) {  // the language is the special token that ends nothing
      if (encoding.special_tokens_mask[i] != 0 && encoding.ids[i] != tokenizer.eos())
        encoding.ids[i] = *source_language;
    }
    return encoding;
  }

  RewrittenText rewrite(std::string_view text, const GenerationConfig& config) const {
    const Encoding source = tokens(text);
    const GenerationConfig complete = config.over(defaults);
    const std::vector<TokenId> prompt = detail::decoder_prompt(complete);
    detail::expect_generation(model->decoder(), name, prompt, complete);
    EncoderInput input;
    input.ids = source.ids;
    Session session({model, &model->decoder()}, workspace, model->new_sequence(model->encode(*workspace, input)));
    Generation<Session> generation(std::move(session), prompt, complete, cancellation);
    while (generation.next()) continue;
    cancellation.throw_if_cancelled();
    std::vector<TokenId> ids(generation.generated().begin(), generation.generated().end());
    std::erase_if(ids, [&](TokenId id) { return id >= tokenizer.size(); });  // a vocabulary padded past the tokenizer's
    return {tokenizer.decode(ids, true), source.truncated};
  }
};

HEADFORMER_INLINE TextToText::TextToText(const std::filesystem::path& path, TextToTextTask task,
                                         const PipelineOptions& options)
    : parts_(std::make_shared<const Parts>(Checkpoint::open(path), std::move(task), options)) {}

HEADFORMER_INLINE Index TextToText::max_length() const { return parts_->max_length; }
HEADFORMER_INLINE const GenerationConfig& TextToText::defaults() const { return parts_->defaults; }

HEADFORMER_INLINE std::vector<Outcome<RewrittenText>> TextToText::rewrite(std::span<const std::string_view> texts,
                                                                          const GenerationConfig& config) const {
  std::vector<Outcome<RewrittenText>> result;
  for (const std::string_view text : texts) {
    try {
      result.emplace_back(parts_->rewrite(text, config));
    } catch (const ArgumentError& error) {
      result.push_back(Outcome<RewrittenText>::failure(error.what()));
    }
    if (parts_->progress)
      parts_->progress(
          {Progress::Stage::running, static_cast<double>(result.size()), static_cast<double>(texts.size())});
  }
  return result;
}

HEADFORMER_INLINE RewrittenText TextToText::rewrite(std::string_view text, const GenerationConfig& config) const {
  return rewrite(std::span(&text, 1), config).front().value();
}

}  // namespace headformer
