#pragma once

#include <optional>
#include <utility>

#include "headformer/auto_seq2seq.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/generate/generation.hpp"
#include "headformer/generate/group_beam_search.hpp"
#include "headformer/models/causal_lm/session_group.hpp"
#include "headformer/models/generation_rules.hpp"
#include "headformer/pipelines/machinery.hpp"
#include "headformer/pipelines/rewriting/languages.hpp"
#include "headformer/pipelines/text_to_text.hpp"
#include "headformer/pipelines/token_limit.hpp"
#include "headformer/preprocess/tokenizer.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

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
        tokenizer(detail::pipeline_tokenizer(checkpoint)),
        max_length(
            detail::token_limit(checkpoint, detail::usable_positions(model->encoder().config()), options.max_length)),
        cancellation(options.cancellation),
        progress(options.progress),
        defaults(detail::read_generation_config(checkpoint, model->config())) {
    const detail::Languages languages(tokenizer, checkpoint);
    read_source(languages, task.source_language);
    read_target(languages, task);
    // What asks for any translation gets the first that the config has parameters for, as in the reference.
    if (task.name == "translation" && !languages.has_task(task.name)) task.name = languages.first_translation();
    if (prefix.empty()) prefix = languages.prefix();
    if (!languages.has_task(task.name)) return;
    const JsonObject own = languages.task(task.name);
    const std::optional<std::vector<TokenId>> language = defaults.forced_bos_token_id;
    defaults = GenerationConfig::from_checkpoint(own).over(defaults);
    if (!task.target_language.empty()) defaults.forced_bos_token_id = language;
    prefix = own.string_or("prefix", prefix);
  }

  HEADFORMER_COLD void read_source(const detail::Languages& languages, const std::string& language) {
    if (!language.empty()) source_language = languages.token(language);
  }

  HEADFORMER_COLD void read_target(const detail::Languages& languages, TextToTextTask& task) {
    const std::string& source = task.source_language;
    const std::string& target = task.target_language;
    bool source_known = source.empty() || source_language || languages.is_only("source_lang", source);
    if (const auto token = target.empty() ? std::nullopt : languages.token(target)) {
      defaults.forced_bos_token_id = {*token};
    } else if (const auto code = target.empty() ? std::nullopt : languages.code(target)) {
      prefix = *code + ' ';
    } else if (const std::string translation = "translation_" + source + "_to_" + target;
               languages.has_task(translation)) {
      task.name = translation;  // its prefix says both
      source_known = true;
    } else if (!target.empty() && !languages.is_only("target_lang", target)) {
      languages.fail("target", target);
    }
    if (!source_known) languages.fail("source", source);
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
    if (complete.num_beams.value_or(1) > 1)
      detail::expect_answers(model->decoder(), name, prompt, complete);
    else
      detail::expect_generation(model->decoder(), name, prompt, complete);
    EncoderInput input;
    input.ids = source.ids;
    Session session({model, &model->decoder()}, workspace, model->new_sequence(model->encode(*workspace, input)));
    std::vector<TokenId> ids;
    if (complete.num_beams.value_or(1) > 1) {
      SessionGroup group(std::move(session));
      auto answers = search_beams(group, prompt, complete, {source.ids, cancellation});
      if (!answers.empty()) ids = std::move(answers.front().ids);
    } else {
      Generation<Session> generation(std::move(session), prompt, complete, cancellation, 0, source.ids);
      while (generation.next()) continue;
      ids.assign(generation.generated().begin(), generation.generated().end());
    }
    cancellation.throw_if_cancelled();
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
