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
#include "headformer/models/speech/languages.hpp"
#include "headformer/pipelines/compressed_size.hpp"
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
  LongFormOptions options;

  HEADFORMER_COLD Parts(const Checkpoint& checkpoint, const PipelineOptions& opening, DType c)
      : name(checkpoint.name()),
        cache(c),
        workspace(detail::pipeline_workspace(opening)),
        model(open_speech_to_text(checkpoint, detail::pipeline_loading(opening, *workspace->executor))),
        cancellation(opening.cancellation),
        defaults(detail::read_generation_config(checkpoint, model->config().start_id, model->config().end_id)),
        prompts(SpeechPrompts::from_checkpoint(checkpoint)),
        options(LongFormOptions::from_checkpoint(checkpoint)) {
    defaults.forget_search();
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

  /// All but what the decoder's ids begin with.
  HEADFORMER_COLD LongFormConfig long_form(const GenerationConfig& generation, const SpeechPrompts& told,
                                           const LongFormOptions& wanted) const {
    const SpeechToTextConfig& config = model->config();
    const Index vocabulary = config.decoder.vocabulary;
    if (config.encoder.frames == 0)
      throw ArgumentError(name +
                          ": expected a model that hears windows (Whisper) for times, thresholds or a prompt, found " +
                          config.family);
    LongFormConfig form;
    form.writes_times = told.return_timestamps.value_or(false);
    if (form.writes_times && !told.no_timestamps_token_id)
      throw ArgumentError("no_timestamps_token_id: expected in the generation config for times, found none");
    form.rules.no_timestamps = told.no_timestamps_token_id.value_or(static_cast<TokenId>(vocabulary));
    if (form.writes_times)
      detail::expect_below("no_timestamps_token_id", std::span(&form.rules.no_timestamps, 1), vocabulary);
    if (generation.eos_token_id && !generation.eos_token_id->empty()) form.rules.end = generation.eos_token_id->front();
    form.rules.latest_first = wanted.max_initial_timestamp_index;
    form.vocabulary = vocabulary;
    form.positions = config.decoder.learned_positions;
    form.window = config.encoder.frames;
    form.frames_per_time = 1;
    for (const TemporalConvolutionConfig& convolution : config.encoder.convolutions)
      form.frames_per_time *= convolution.stride;
    if (wanted.temperature) form.temperatures = *wanted.temperature;
    form.compression_ratio_threshold = wanted.compression_ratio_threshold;
    form.logprob_threshold = wanted.logprob_threshold;
    form.no_speech_threshold = wanted.no_speech_threshold;
    if (form.no_speech_threshold && !told.no_timestamps_token_id)
      throw ArgumentError("no_timestamps_token_id: expected in the generation config for silence, found none");
    form.condition_on_prev_tokens = wanted.condition_on_prev_tokens.value_or(false);
    if (wanted.prompt_ids) form.prompt_ids = *wanted.prompt_ids;
    form.prompt_condition_type = wanted.prompt_condition_type.value_or(PromptCondition::first_segment);
    form.previous_id = wanted.prev_sot_token_id;
    if (const auto& suppressed = generation.suppress_tokens; !form.previous_id && suppressed && suppressed->size() > 1)
      form.previous_id = (*suppressed)[suppressed->size() - 2];
    form.token_times = wanted.return_token_timestamps;
    form.compressed_size = compressed_size;
    return form;
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
HEADFORMER_INLINE const LongFormOptions& SpeechGenerator::options() const { return parts_->options; }

HEADFORMER_INLINE SpeechGenerator::Writing SpeechGenerator::write(SpeechWindows::Features features, Index frames,
                                                                  Index heard, const GenerationConfig& config,
                                                                  const SpeechPrompts& prompts,
                                                                  const LongFormOptions& options) const {
  const Parts& parts = *parts_;
  const GenerationConfig merged = config.over(parts.defaults);
  const SpeechPrompts told = prompts.over(parts.prompts);
  const LongFormOptions wanted = options.over(parts.options);
  LongFormConfig form = parts.long_form(merged, told, wanted);
  std::optional<SpeechAlignment> alignment;
  if (wanted.return_token_timestamps) {
    if (!wanted.alignment_heads) throw ArgumentError("alignment_heads: expected those of the model, found none");
    alignment = {*wanted.alignment_heads, parts.model->config().alignment_filter, heard, form.time_seconds};
  }
  SpeechWindows windows(*parts.model, *parts.workspace, std::move(features), parts.cache, std::move(alignment));
  const TokenId start = detail::decoder_prompt(merged).front();
  parts.model->decoder().expect_in_vocabulary(std::span(&start, 1));
  std::optional<TokenId> language;
  if (told.finds_language()) {
    windows.hear(0, std::min(frames, form.window));
    language = find_language(*parts.model, *parts.workspace, windows.source(), told, start);
  } else if (told.language) {
    language = told.language_id(*told.language);
  }
  form.start = told.ids(start, language);
  parts.model->decoder().expect_in_vocabulary(form.start);
  parts.model->decoder().expect_in_vocabulary(form.prompt_ids);
  std::string code;
  for (const auto& [token, id] : told.languages)
    if (id == language) code = language_code(token);
  return {LongForm(std::move(windows), std::move(form), merged, parts.cancellation), code};
}

HEADFORMER_INLINE std::vector<TokenId> SpeechGenerator::generate(const AudioInput& sound,
                                                                 const GenerationConfig& config,
                                                                 const SpeechPrompts& prompts,
                                                                 const LongFormOptions& options) const {
  const Parts& parts = *parts_;
  GenerationConfig merged = config.over(parts.defaults);
  const SpeechPrompts told = prompts.over(parts.prompts);
  const Index window = parts.model->config().encoder.frames;
  const bool is_long = window > 0 && sound.sound.shape().rank() == 2 && sound.sound.size(1) > window;
  if (is_long || told.return_timestamps.value_or(false) || options.over(parts.options).asks()) {
    if (is_long && told.return_timestamps == false)
      throw ArgumentError("return_timestamps: expected true of more than " + std::to_string(window) +
                          " frames, found false");
    const TensorView<const float> all = sound.sound;
    SpeechPrompts times = prompts;
    if (is_long) times.return_timestamps = true;
    Writing writing = write([&](Index first, Index count) { return SpeechWindows::cut(all, first, count); },
                            all.columns(), std::numeric_limits<Index>::max(), config, times, options);
    std::vector<TokenId> ids;
    while (writing.form.seek() < all.columns())
      for (const LongFormSegment& segment : writing.form.next(all.columns()))
        ids.insert(ids.end(), segment.ids.begin(), segment.ids.end());
    return ids;
  }
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
