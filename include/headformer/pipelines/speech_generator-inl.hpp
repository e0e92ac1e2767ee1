#pragma once

#include <algorithm>
#include <utility>

#include "headformer/auto_speech_to_text.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/generate/generation.hpp"
#include "headformer/models/causal_lm/session.hpp"
#include "headformer/models/generation_rules.hpp"
#include "headformer/models/speech/find_language.hpp"
#include "headformer/pipelines/machinery.hpp"
#include "headformer/pipelines/speech_generator.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

struct SpeechGenerator::Parts {
  std::string name;
  DType cache;
  std::shared_ptr<Workspace> workspace;
  std::shared_ptr<const SpeechToText> model;
  Cancellation cancellation;
  GenerationConfig defaults;
  SpeechPrompts prompts;

  HEADFORMER_COLD Parts(const Checkpoint& checkpoint, const PipelineOptions& options, DType c)
      : name(checkpoint.name()),
        cache(c),
        workspace(detail::pipeline_workspace(options)),
        model(open_speech_to_text(checkpoint, detail::pipeline_loading(options, *workspace->executor))),
        cancellation(options.cancellation),
        defaults(detail::read_generation_config(checkpoint, model->config().start_id, model->config().end_id)),
        prompts(SpeechPrompts::from_checkpoint(checkpoint)) {
    if (!model->config().generates)
      throw ConfigError(name + ": architectures: expected a class with a head over the vocabulary, found " +
                        detail::quoted(checkpoint.architecture()));
  }

  /// A decoder with learned positions counts a length from behind its prompt, and stops where they do.
  void settle_length(GenerationConfig& config, std::size_t prompt) const {
    const Index positions = model->decoder().config().learned_positions;
    if (positions == 0 || config.max_new_tokens) return;
    const Index room = positions - static_cast<Index>(prompt);
    config.max_new_tokens = std::max<Index>(1, std::min(config.max_length.value_or(256), room));
  }
};

HEADFORMER_COLD HEADFORMER_INLINE SpeechGenerator::SpeechGenerator(const std::filesystem::path& path,
                                                                   const PipelineOptions& options, DType cache)
    : SpeechGenerator(Checkpoint::open(path), options, cache) {}
HEADFORMER_COLD HEADFORMER_INLINE SpeechGenerator::SpeechGenerator(const Checkpoint& checkpoint,
                                                                   const PipelineOptions& options, DType cache)
    : parts_(std::make_shared<const Parts>(checkpoint, options, cache)) {}

HEADFORMER_INLINE const SpeechToText& SpeechGenerator::model() const { return *parts_->model; }
HEADFORMER_INLINE const GenerationConfig& SpeechGenerator::defaults() const { return parts_->defaults; }
HEADFORMER_INLINE const SpeechPrompts& SpeechGenerator::prompts() const { return parts_->prompts; }

HEADFORMER_INLINE std::vector<TokenId> SpeechGenerator::generate(const AudioInput& sound,
                                                                 const GenerationConfig& config,
                                                                 const SpeechPrompts& prompts) const {
  const Parts& parts = *parts_;
  GenerationConfig merged = config.over(parts.defaults);
  const SpeechPrompts told = prompts.over(parts.prompts);
  if (told.return_timestamps.value_or(false))
    throw ArgumentError("return_timestamps: expected false, as times are not supported, found true");
  const TokenId start = detail::decoder_prompt(merged).front();
  parts.model->decoder().expect_in_vocabulary(std::span(&start, 1));
  const Source source = parts.model->encode(*parts.workspace, sound, parts.cache);
  std::optional<TokenId> language;
  if (told.finds_language()) language = find_language(*parts.model, *parts.workspace, source, told, start);
  std::vector<TokenId> prompt = told.ids(start, language);
  parts.settle_length(merged, prompt.size());
  const std::shared_ptr<const CausalLanguageModel> decoder{parts.model, &parts.model->decoder()};
  detail::expect_generation(*decoder, parts.name, prompt, merged);
  Generation<Session> generation(Session(decoder, parts.workspace, parts.model->new_sequence(source, parts.cache)),
                                 std::move(prompt), merged, parts.cancellation);
  while (generation.next()) continue;
  parts.cancellation.throw_if_cancelled();
  return {generation.generated().begin(), generation.generated().end()};
}

}  // namespace headformer
