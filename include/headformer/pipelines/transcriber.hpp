#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "headformer/core/outcome.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/pipelines/options.hpp"

namespace headformer {

/// A word and when it was said, in seconds from the beginning.
struct TranscribedWord {
  std::string word;
  double begin = 0;
  double end = 0;
};

struct Transcript {
  std::string text;
  std::vector<TranscribedWord> words;  ///< of a model that hears characters (CTC)
};

/// What a model that knows several languages is told.
struct TranscriptionTask {
  std::string language;  ///< "de", "German"; empty: the sound says, or the tokenizer's own
  std::string task;      ///< "transcribe" or "translate"; empty: the checkpoint's own
};

/// Recordings of speech to texts, by a model of characters (wav2vec 2.0, HuBERT, WavLM with a head for CTC: the best
/// character of every frame) or by one that writes (Whisper, Moonshine: greedy, recordings of at most the model's
/// frame, 30 seconds of Whisper's):
///
///     headformer::Transcriber transcriber("path/to/checkpoint");
///     std::cout << transcriber.transcribe(samples).text << '\n';
///
/// One call at a time; copies share the model.
class Transcriber {
 public:
  /// Throws IoError, FormatError, ConfigError for a model that is none of these, WeightError, CancelledError;
  /// ArgumentError for a language or a task that it does not know.
  explicit Transcriber(const std::filesystem::path& path, const TranscriptionTask& task = {},
                       const PipelineOptions& options = {});

  /// Of the recordings, Hz; see Resampler.
  Index sample_rate() const;

  /// One channel's samples each, -1 to 1, at sample_rate(). In the recordings' order; one that fails, empty or too long
  /// or with samples that are no numbers, stops no other. Throws CancelledError.
  std::vector<Outcome<Transcript>> transcribe(std::span<const std::span<const float>> recordings) const;
  /// Throws ArgumentError when the recording fails.
  Transcript transcribe(std::span<const float> samples) const;

 private:
  struct Parts;
  std::shared_ptr<const Parts> parts_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/transcriber-inl.hpp"
#endif
