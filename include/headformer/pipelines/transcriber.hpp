#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "headformer/core/outcome.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/models/speech/long_form_options.hpp"
#include "headformer/pipelines/options.hpp"
#include "headformer/pipelines/transcribing/transcript.hpp"

namespace headformer {

/// How finely it is told when something was said.
enum class TranscriptTimes { none, segments, words };

/// What a model is told, and how it goes through a recording.
struct TranscriptionTask {
  std::string language;                           ///< "de", "German"; empty: the sound says, or the tokenizer's own
  std::string task;                               ///< "transcribe" or "translate"; empty: the checkpoint's own
  TranscriptTimes times = TranscriptTimes::none;  ///< a class for CTC knows its words' without being asked
  std::string initial_prompt;                     ///< of a model of windows: what came before, or how names are spelled
  LongFormOptions windows;                        ///< of a model of windows (Whisper)
  std::optional<std::uint64_t> seed;              ///< of draws at a temperature; none: from the system
  double chunk_seconds = 0;                       ///< a class for CTC hears so much at once; 0: the whole recording
  std::optional<double> stride_seconds;           ///< of a chunk on both sides for context alone; none: a sixth
  Index beams = 1;                                ///< of a class for CTC; 1: the best character of every frame
  bool skip_silence = false;                      ///< parts without sound are not heard
  /// Called with every segment, in order, as soon as it is known; what it was given is never taken back.
  std::function<void(const TranscribedSegment&)> on_segment;
};

/// Recordings of speech to texts, by a model of characters (wav2vec 2.0, HuBERT, WavLM with a head for CTC) or by one
/// that writes (Whisper, of any length by windows; Moonshine, whole):
///
///     headformer::Transcriber transcriber("path/to/checkpoint");
///     std::cout << transcriber.transcribe(samples).text << '\n';
///
/// One call at a time; copies share the model.
class Transcriber {
 public:
  /// Throws IoError, FormatError, ConfigError for a model that is none of these, WeightError, CancelledError;
  /// ArgumentError for a language, a task, times or a way of hearing that it does not know.
  explicit Transcriber(const std::filesystem::path& path, const TranscriptionTask& task = {},
                       const PipelineOptions& options = {});

  /// Of the recordings, Hz; see Resampler.
  Index sample_rate() const;

  /// One channel's samples each, -1 to 1, at sample_rate(). In the recordings' order; one that fails, empty or with
  /// samples that are no numbers, stops no other. Throws CancelledError.
  std::vector<Outcome<Transcript>> transcribe(std::span<const std::span<const float>> recordings) const;
  /// Throws ArgumentError when the recording fails.
  Transcript transcribe(std::span<const float> samples) const;

  /// A recording that is still going on, in pieces of any size: each call hears as much of it as is certain, and
  /// TranscriptionTask::on_segment is called with what is new. Whisper's features are those of each window alone, as
  /// the loudest of the whole is not known yet; a class for CTC goes by chunks, of 10 seconds where nothing else is
  /// said.
  class Stream {
   public:
    /// Throws ArgumentError for samples that are no numbers, CancelledError.
    void append(std::span<const float> samples);
    /// Hears the rest. Of a stream without samples: an empty transcript.
    Transcript finish();

   private:
    friend class Transcriber;
    struct State;
    explicit Stream(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
  };
  /// Throws ArgumentError where silence is to be skipped, which takes the whole recording.
  Stream stream() const;

 private:
  struct Parts;
  std::shared_ptr<const Parts> parts_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/transcriber-inl.hpp"
#endif
