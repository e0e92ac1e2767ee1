#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "headformer/core/dtype.hpp"
#include "headformer/generate/generation_config.hpp"
#include "headformer/models/audio/audio_input.hpp"
#include "headformer/models/speech/speech_prompts.hpp"
#include "headformer/pipelines/options.hpp"

namespace headformer {

class Checkpoint;
class SpeechToText;

/// What a speech-to-text model (Whisper, Moonshine) writes of a sound, as ids:
///
///     headformer::SpeechGenerator generator("path/to/checkpoint");
///     std::vector<headformer::TokenId> ids = generator.generate({features});
///
/// The decoder begins with what the prompts say: the language, found where nothing names it, the task, no times. One
/// call at a time; copies share the model.
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

  /// The ids after the prompt, an ending one included. Throws ArgumentError for a sound that the model does not take, a
  /// language or a task that it does not know, more tokens than it has positions for; CancelledError.
  std::vector<TokenId> generate(const AudioInput& sound, const GenerationConfig& config = {},
                                const SpeechPrompts& prompts = {}) const;

 private:
  struct Parts;
  std::shared_ptr<const Parts> parts_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/speech_generator-inl.hpp"
#endif
