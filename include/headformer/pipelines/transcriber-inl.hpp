#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "headformer/auto_audio_encoder.hpp"
#include "headformer/auto_speech_to_text.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/models/architecture_error.hpp"
#include "headformer/models/audio/language_adapter.hpp"
#include "headformer/pipelines/machinery.hpp"
#include "headformer/pipelines/recordings.hpp"
#include "headformer/pipelines/transcriber.hpp"
#include "headformer/pipelines/transcribing/framed_transcript.hpp"
#include "headformer/pipelines/transcribing/voice_activity.hpp"
#include "headformer/pipelines/transcribing/window_transcript.hpp"
#include "headformer/preprocess/audio/audio_features.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

struct Transcriber::Parts {
  Cancellation cancellation;
  ProgressCallback progress;
  std::shared_ptr<Workspace> workspace;
  TranscriptionTask task;
  AudioFeatures features;
  std::shared_ptr<const AudioEncoder> encoder;  ///< of a model of characters
  std::optional<CtcDecoder> characters;
  std::optional<SpeechGenerator> writer;  ///< of one that writes
  std::optional<Tokenizer> tokenizer;
  SpeechPrompts told;
  LongFormOptions windows;

  HEADFORMER_COLD Parts(const Checkpoint& checkpoint, TranscriptionTask t, const PipelineOptions& options)
      : cancellation(options.cancellation),
        progress(options.progress),
        workspace(detail::pipeline_workspace(options)),
        task(std::move(t)),
        features(AudioFeatures::from_files(checkpoint.files())),
        windows(task.windows) {
    if (task.chunk_seconds < 0 || task.stride_seconds.value_or(0) < 0)
      throw ArgumentError("chunk: expected seconds of 0 or more, found less");
    if (is_speech_to_text(checkpoint)) {
      open_writer(checkpoint, options);
      return;
    }
    if (is_audio_encoder(checkpoint)) {
      const bool adapted = !task.language.empty() && checkpoint.config().has("adapter_attn_dim");
      encoder = open_audio_encoder(adapted ? with_language_adapter(checkpoint, task.language) : checkpoint,
                                   detail::pipeline_loading(options, *workspace->executor));
    }
    if (encoder == nullptr || encoder->config().task != AudioTask::ctc)
      detail::fail_architecture(checkpoint, speech_to_text_architectures() + " or a class for CTC");
    if (!task.task.empty())
      throw ArgumentError("task: expected none of a model of characters, found " + detail::quoted(task.task));
    if (!task.initial_prompt.empty() || windows.asks())
      throw ArgumentError("windows: expected no prompt, temperature or threshold of a model of characters, found some");
    if (task.beams < 1) throw ArgumentError("beams: expected 1 or more, found " + std::to_string(task.beams));
    characters = CtcDecoder::from_files(checkpoint.files(), task.language);
  }

  const LogMelFeatures* log_mel() const { return std::get_if<LogMelFeatures>(&features.kind()); }

  /// Of one channel's samples, whose progress is a part of all recordings'.
  Transcript transcribe(std::span<const float> samples, const std::function<void(double)>& done) const {
    if (!task.skip_silence) return hear(samples, task.on_segment, done);
    const auto parts = find_sound(samples, features.sample_rate());
    if (parts.empty()) return {};
    std::vector<float> sound;
    for (const auto& [first, last] : parts) sound.insert(sound.end(), samples.begin() + first, samples.begin() + last);
    const auto move = [&](auto& item) {
      item.begin = seconds_in_whole(item.begin, parts, features.sample_rate());
      item.end = seconds_in_whole(item.end, parts, features.sample_rate());
    };
    std::function<void(const TranscribedSegment&)> on_segment;
    if (task.on_segment)
      on_segment = [&](TranscribedSegment segment) {
        move(segment);
        task.on_segment(segment);
      };
    Transcript result = hear(sound, on_segment, done);
    for (TranscribedSegment& segment : result.segments) move(segment);
    for (TranscribedWord& word : result.words) move(word);
    return result;
  }

  /// A recording that is heard by windows, of features that `make` makes.
  WindowTranscript begin_windows(SpeechWindows::Features make, Index frames, Index heard, bool times) const {
    SpeechPrompts prompts = told;
    if (times) prompts.return_timestamps = true;
    GenerationConfig config;
    config.seed = task.seed;
    const auto none = static_cast<TokenId>(writer->model().config().decoder.vocabulary);
    const TokenId first_time = prompts.over(writer->prompts()).no_timestamps_token_id.value_or(none) + 1;
    return {*tokenizer, writer->write(std::move(make), frames, heard, config, prompts, windows), first_time};
  }

  /// Shapes: samples -> logits [frames, V].
  Tensor<float> logits_of(std::span<const float> samples) const {
    const Tensor<float> heard = features(samples, *workspace->executor);
    const AudioInput sound{heard.view()};
    Tensor<float> logits(Shape{encoder->rows(sound), encoder->config().words});
    const TensorView<float> view = logits;
    encoder->forward(*workspace, std::span(&sound, 1), std::span(&view, 1));
    return logits;
  }

  Index samples_a_frame() const {
    Index samples = 1;
    for (const TemporalConvolutionConfig& convolution : encoder->config().convolutions) samples *= convolution.stride;
    return samples;
  }
  FramedTranscript begin_frames() const {
    const double seconds = static_cast<double>(samples_a_frame()) / static_cast<double>(features.sample_rate());
    return {*characters, seconds, task.beams};
  }

  /// Chunks in samples, all of them whole frames: the chunk, and the context on each side of it, as the reference's
  /// pipeline has them. Throws ArgumentError for a chunk that is nothing but context.
  struct Chunking {
    Index chunk = 0;
    Index stride = 0;
    Index step() const { return chunk - 2 * stride; }
  };
  Chunking chunking(double seconds) const {
    const auto frame = static_cast<double>(samples_a_frame());
    const auto samples_of = [&](double s) {
      return static_cast<Index>(std::nearbyint(s * static_cast<double>(features.sample_rate()) / frame) * frame);
    };
    const Chunking result{samples_of(seconds), samples_of(task.stride_seconds.value_or(seconds / 6))};
    if (result.step() < 1)
      throw ArgumentError("stride: expected less than half of a chunk of " + std::to_string(seconds) +
                          " seconds, found " + std::to_string(task.stride_seconds.value_or(seconds / 6)));
    return result;
  }

  /// One chunk's frames but for those that are context.
  void hear_chunk(std::span<const float> chunk, Index left, Index right, FramedTranscript& transcript) const {
    const Tensor<float> logits = logits_of(chunk);
    const auto samples = static_cast<double>(chunk.size());
    const double frames = std::nearbyint(samples / static_cast<double>(samples_a_frame()));
    const auto frames_of = [&](Index context) {
      return static_cast<Index>(std::nearbyint(static_cast<double>(context) / samples * frames));
    };
    const Index last = std::min(static_cast<Index>(frames) - frames_of(right), logits.size(0));
    if (frames_of(left) < last) transcript.append(logits.view().slice_rows(frames_of(left), last));
  }

 private:
  HEADFORMER_COLD void open_writer(const Checkpoint& checkpoint, const PipelineOptions& options) {
    if (task.beams != 1)
      throw ArgumentError("beams: expected 1 of a model that writes, found " + std::to_string(task.beams));
    if (task.chunk_seconds > 0) throw ArgumentError("chunk: expected none of a model that writes, found one");
    PipelineOptions own = options;
    own.executor = workspace->executor;
    writer.emplace(checkpoint, own);
    tokenizer = detail::pipeline_tokenizer(checkpoint);
    if (!task.language.empty()) told.language = task.language;
    if (!task.task.empty()) told.task = task.task;
    told.over(writer->prompts()).ids(0);  // refuses what the model does not know
    if (log_mel() == nullptr) {
      if (task.times == TranscriptTimes::words)
        throw ArgumentError("words: expected none of a model without their times, found words");
      if (!task.initial_prompt.empty() || windows.asks())
        throw ArgumentError(
            "windows: expected no prompt, temperature or threshold of a model without windows, found some");
      return;
    }
    windows.return_token_timestamps = task.times == TranscriptTimes::words;
    if (!task.initial_prompt.empty()) windows.prompt_ids = prompt_ids(*tokenizer, task.initial_prompt);
  }

  Transcript hear(std::span<const float> samples, const std::function<void(const TranscribedSegment&)>& on_segment,
                  const std::function<void(double)>& done) const {
    Transcript result = writer ? (log_mel() ? hear_windows(samples, on_segment, done) : hear_whole(samples))
                               : hear_frames(samples, done);
    if (on_segment && log_mel() == nullptr)
      for (const TranscribedSegment& segment : result.segments) on_segment(segment);
    if (task.times == TranscriptTimes::none && writer) result.segments.clear();
    return result;
  }

  Transcript hear_windows(std::span<const float> samples,
                          const std::function<void(const TranscribedSegment&)>& on_segment,
                          const std::function<void(double)>& done) const {
    const LogMelConfig& config = log_mel()->config();
    const auto count = static_cast<Index>(samples.size());
    const bool is_long = count > config.chunk_samples();
    const Tensor<float> all = (*log_mel())(samples, is_long ? 0 : config.chunk_samples(), *workspace->executor);
    const Index heard = is_long ? all.size(1) : (count + config.hop - 1) / config.hop;
    WindowTranscript transcript =
        begin_windows([&](Index first, Index frames) { return SpeechWindows::cut(all.view(), first, frames); },
                      all.size(1), heard, is_long || task.times != TranscriptTimes::none);
    while (transcript.seek() < all.size(1)) {
      for (const TranscribedSegment& segment : transcript.next(all.size(1)))
        if (on_segment) on_segment(segment);
      done(static_cast<double>(transcript.seek()) / static_cast<double>(all.size(1)));
    }
    return transcript.read();
  }

  /// By a model that writes without windows.
  Transcript hear_whole(std::span<const float> samples) const {
    const Tensor<float> heard = features(samples, *workspace->executor);
    GenerationConfig config;
    config.seed = task.seed;
    Transcript result;
    result.text = tokenizer->decode(writer->generate({heard.view()}, config, told), true);
    const double seconds = static_cast<double>(samples.size()) / static_cast<double>(features.sample_rate());
    if (!result.text.empty()) result.segments.push_back({result.text, 0, seconds});
    return result;
  }

  Transcript hear_frames(std::span<const float> samples, const std::function<void(double)>& done) const {
    FramedTranscript transcript = begin_frames();
    if (task.chunk_seconds == 0) {
      transcript.append(logits_of(samples).view());
      return transcript.read();
    }
    const Chunking chunks = chunking(task.chunk_seconds);
    const auto all = static_cast<Index>(samples.size());
    for (Index first = 0; first < all; first += chunks.step()) {
      cancellation.throw_if_cancelled();
      const bool last = first + chunks.chunk >= all;
      const Index length = std::min(chunks.chunk, all - first);
      const Index left = first == 0 ? 0 : chunks.stride;
      if (length > left)
        hear_chunk(samples.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(length)), left,
                   last ? 0 : chunks.stride, transcript);
      done(static_cast<double>(first + length) / static_cast<double>(all));
      if (last) break;
    }
    return transcript.read();
  }
};

struct Transcriber::Stream::State {
  std::shared_ptr<const Parts> parts;
  std::vector<float> samples;  ///< that may still be heard
  Index first = 0;             ///< of the recording, of those
  std::optional<WindowTranscript> windows;
  std::optional<FramedTranscript> frames;
  Transcript result;

  void append(std::span<const float> more) {
    detail::expect_numbers(more);
    samples.insert(samples.end(), more.begin(), more.end());
    hear(false);
  }

  Transcript finish() {
    if (first + static_cast<Index>(samples.size()) == 0) return {};
    hear(true);
    if (windows) {
      Transcript read = windows->read();
      if (parts->task.times == TranscriptTimes::none) read.segments.clear();
      return read;
    }
    return result;
  }

 private:
  void tell(const TranscribedSegment& segment) const {
    if (parts->task.on_segment) parts->task.on_segment(segment);
  }
  Index end() const { return first + static_cast<Index>(samples.size()); }
  void forget_before(Index sample) {
    if (sample <= first) return;
    samples.erase(samples.begin(), samples.begin() + std::min(sample - first, static_cast<Index>(samples.size())));
    first = sample;
  }

  void hear(bool last) {
    if (parts->log_mel() != nullptr) {
      hear_windows(last);
    } else if (parts->writer) {
      if (last) result = parts->transcribe(samples, [](double) {});
    } else {
      hear_chunks(last);
    }
  }

  void hear_windows(bool last) {
    const LogMelConfig& config = parts->log_mel()->config();
    const Index window = config.chunk_samples() / config.hop;
    const auto frames_now = [&] { return last ? (end() + config.hop - 1) / config.hop : end() / config.hop; };
    while (true) {
      const Index seek = windows ? windows->seek() : 0;
      const Index left = frames_now() - seek;
      if (left < 1 || (left < window && !last)) return;
      if (!windows) {
        windows = parts->begin_windows([this](Index from, Index count) { return features(from, count); }, left,
                                       std::numeric_limits<Index>::max(), true);
      }
      for (const TranscribedSegment& segment : windows->next(frames_now())) tell(segment);
      forget_before(windows->seek() * config.hop);
    }
  }

  /// Of a window alone. Shapes: -> [C, count].
  Tensor<float> features(Index from, Index count) const {
    const LogMelConfig& config = parts->log_mel()->config();
    const auto begin = static_cast<std::size_t>(from * config.hop - first);
    const auto length = std::min(static_cast<std::size_t>(count * config.hop), samples.size() - begin);
    const Tensor<float> whole = (*parts->log_mel())(std::span(samples).subspan(begin, length), config.chunk_samples(),
                                                    *parts->workspace->executor);
    return SpeechWindows::cut(whole.view(), 0, count);
  }

  void hear_chunks(bool last) {
    constexpr double usual = 10;  // seconds
    const Parts::Chunking chunks = parts->chunking(parts->task.chunk_seconds > 0 ? parts->task.chunk_seconds : usual);
    if (!frames) frames = parts->begin_frames();
    const auto hear = [&](std::size_t length, bool is_last) {
      const Index left = first == 0 ? 0 : chunks.stride;
      if (static_cast<Index>(length) > left)
        parts->hear_chunk(std::span(samples).first(length), left, is_last ? 0 : chunks.stride, *frames);
      keep(is_last ? frames->read() : frames->take_certain());
    };
    while (static_cast<Index>(samples.size()) > chunks.chunk) {  // more is to come: the chunk is not the last
      hear(static_cast<std::size_t>(chunks.chunk), false);
      forget_before(first + chunks.step());
    }
    if (last) hear(samples.size(), true);
  }

  void keep(const Transcript& certain) {
    for (const TranscribedSegment& segment : certain.segments) {
      result.text += (result.text.empty() ? "" : " ") + segment.text;
      result.segments.push_back(segment);
      tell(segment);
    }
    result.words.insert(result.words.end(), certain.words.begin(), certain.words.end());
  }
};

HEADFORMER_COLD HEADFORMER_INLINE Transcriber::Transcriber(const std::filesystem::path& path,
                                                           const TranscriptionTask& task,
                                                           const PipelineOptions& options)
    : parts_(std::make_shared<const Parts>(Checkpoint::open(path), task, options)) {}

HEADFORMER_INLINE Index Transcriber::sample_rate() const { return parts_->features.sample_rate(); }

HEADFORMER_INLINE std::vector<Outcome<Transcript>> Transcriber::transcribe(
    std::span<const std::span<const float>> recordings) const {
  const auto total = static_cast<double>(recordings.size());
  double before = 0;
  return detail::answer_recordings<Transcript>(recordings, parts_->cancellation, parts_->progress,
                                               [&](std::span<const float> samples) {
                                                 const double done = before++;
                                                 return parts_->transcribe(samples, [&](double part) {
                                                   if (parts_->progress && part < 1)
                                                     parts_->progress({Progress::Stage::running, done + part, total});
                                                 });
                                               });
}
HEADFORMER_INLINE Transcript Transcriber::transcribe(std::span<const float> samples) const {
  return transcribe(std::span(&samples, 1)).front().value();
}

HEADFORMER_INLINE Transcriber::Stream Transcriber::stream() const {
  if (parts_->task.skip_silence)
    throw ArgumentError("skip_silence: expected a whole recording, found one that is still going on");
  auto state = std::make_shared<Stream::State>();
  state->parts = parts_;
  return Stream(std::move(state));
}
HEADFORMER_INLINE void Transcriber::Stream::append(std::span<const float> samples) { state_->append(samples); }
HEADFORMER_INLINE Transcript Transcriber::Stream::finish() { return state_->finish(); }

}  // namespace headformer
