#pragma once

#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "headformer/core/dtype.hpp"
#include "headformer/generate/generation_config.hpp"
#include "headformer/generate/long_form.hpp"
#include "headformer/models/audio/audio_input.hpp"
#include "headformer/models/speech/long_form_options.hpp"
#include "headformer/models/speech/speech_prompts.hpp"
#include "headformer/models/speech/speech_windows.hpp"
#include "headformer/pipelines/options.hpp"

namespace headformer {

class Checkpoint;
class SpeechToText;

/// What a speech-to-text model (Whisper, Moonshine) writes of a sound, as ids:
///
///     headformer::SpeechGenerator generator("path/to/checkpoint");
///     std::vector<headformer::TokenId> ids = generator.generate({features});
///
/// The decoder begins with what the prompts say: the language, found where nothing names it, the task, whether to write
/// times. One call at a time; copies share the model.
class SpeechGenerator {
 public:
  /// `cache`: f32, f16, bf16 or q8_0. Throws IoError, FormatError, ConfigError for a model that is no speech-to-text
  /// model with a head, WeightError, CancelledError.
  explicit SpeechGenerator(const std::filesystem::path& path, const PipelineOptions& options = {},
                           DType cache = DType::f32);
  explicit SpeechGenerator(const Checkpoint& checkpoint, const PipelineOptions& options = {}, DType cache = DType::f32);

  const SpeechToText& model() const;
  /// What the checkpoint says; what a caller gives is laid over it.
  const GenerationConfig& defaults() const;
  const SpeechPrompts& prompts() const;
  const LongFormOptions& options() const;

  /// The ids after the prompt, an ending one included; of a sound longer than a window, and where times, thresholds or
  /// a prompt are asked for, the ids of all segments, without one. Throws ArgumentError for a sound that the model does
  /// not take, a language or a task that it does not know, more tokens than it has positions for; CancelledError.
  std::vector<TokenId> generate(const AudioInput& sound, const GenerationConfig& config = {},
                                const SpeechPrompts& prompts = {}, const LongFormOptions& options = {}) const;

  /// A recording on its way through a model of windows (Whisper), and the language that it was told or found, by its
  /// code; none where the model has one only.
  struct Writing {
    LongForm<SpeechWindows> form;
    std::string language;
  };
  /// `frames`: how many there are now, at most a window of them to find the language in. `heard`: those of the whole
  /// recording that are no padding, for the times of tokens. The generator outlives it. Throws as generate(), and
  /// ArgumentError for a model without windows, times of a model that writes none.
  Writing write(SpeechWindows::Features features, Index frames, Index heard = std::numeric_limits<Index>::max(),
                const GenerationConfig& config = {}, const SpeechPrompts& prompts = {},
                const LongFormOptions& options = {}) const;

 private:
  struct Parts;
  std::shared_ptr<const Parts> parts_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/speech_generator-inl.hpp"
#endif
