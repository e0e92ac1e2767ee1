// What a recording says: transcribe MODEL FILE|- [--format text|srt|vtt|json] [--language L] [--task T] [--words]
//   [--start S] [--duration S] [--initial-prompt TEXT] [--skip-silence] [--temperature 0,0.2,...] [--beams N] ...
#include <cmath>
#include <headformer/pipelines/transcriber.hpp>
#include <limits>

#include "pipeline.hpp"
#include "recording.hpp"
#include "subtitles.hpp"

namespace {

using namespace headformer;

struct Options {
  std::string model;
  std::string file;
  std::string format = "text";
  bool words = false;
  double start = 0;     ///< seconds
  double duration = 0;  ///< seconds; 0: to the end
  TranscriptionTask task;
  program::ImageProgram pipeline;

  void settle() {
    if (words && format == "text") throw ArgumentError("words: expected the format srt, vtt or json, found text");
    for (const auto& [name, value] : {std::pair{"start", start}, std::pair{"duration", duration}})
      if (!(value >= 0 && value <= 1e9))
        throw ArgumentError(std::string(name) + ": expected seconds of 0 or more, found " + std::to_string(value));
    if (format != "text") task.times = words ? TranscriptTimes::words : TranscriptTimes::segments;
  }
};

/// Puts out what was said: text as it comes where that is asked for, subtitles likewise, JSON at the end.
class Output {
 public:
  explicit Output(const Options& options) : options_(options), subtitles_(options.format) {}

  void begin() {
    if (is_subtitles()) std::cout << subtitles_.head();
  }
  /// As soon as it is known.
  void piece(const TranscribedSegment& segment) {
    if (is_subtitles() && !options_.words) {
      std::cout << subtitles_.cue(segment.text, options_.start + segment.begin, options_.start + segment.end)
                << std::flush;
    } else if (options_.format == "text" && options_.file == "-") {
      std::cout << (begun_ ? " " : "") << program::trimmed(segment.text) << std::flush;
      begun_ = true;
    }
  }
  void end(Transcript transcript) {
    for (TranscribedSegment& segment : transcript.segments) shift(segment);
    for (TranscribedWord& word : transcript.words) shift(word);
    if (options_.format == "json") {
      std::cout << program::line_of(program::json_of(transcript, options_.words));
    } else if (options_.format == "text") {
      std::cout << (begun_ ? "" : transcript.text) << '\n';
    } else if (options_.words) {
      for (const TranscribedWord& word : transcript.words) std::cout << subtitles_.cue(word.word, word.begin, word.end);
    }
  }

 private:
  bool is_subtitles() const { return options_.format == "srt" || options_.format == "vtt"; }
  template <class Item>
  void shift(Item& item) const {
    item.begin += options_.start;
    item.end += options_.start;
  }

  const Options& options_;
  program::Subtitles subtitles_;
  bool begun_ = false;
};

/// The part of a recording that is asked for, of pieces that come one after another.
class Part {
 public:
  Part(const Options& options, Index rate)
      : first_(std::llround(options.start * static_cast<double>(rate))),
        last_(options.duration > 0 ? first_ + std::llround(options.duration * static_cast<double>(rate))
                                   : std::numeric_limits<Index>::max()) {}

  std::span<const float> of(std::span<const float> piece) {
    const auto count = static_cast<Index>(piece.size());
    const Index from = std::clamp<Index>(first_ - seen_, 0, count);
    const Index to = std::clamp<Index>(last_ - seen_, from, count);
    seen_ += count;
    return piece.subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from));
  }
  bool over() const { return seen_ >= last_; }

 private:
  Index first_;
  Index last_;
  Index seen_ = 0;
};

void run(Options& options) {
  options.settle();
  Output output(options);
  options.task.on_segment = [&](const TranscribedSegment& segment) { output.piece(segment); };
  const Transcriber transcriber(options.model, options.task, options.pipeline.options());
  const Index rate = transcriber.sample_rate();
  Part part(options, rate);
  if (options.file != "-") {
    const std::vector<float> samples = program::read_recording(options.file, rate);
    const std::span<const float> wanted = part.of(samples);
    if (wanted.empty() && !samples.empty())
      throw ArgumentError(options.file + ": expected samples after " + std::to_string(options.start) +
                          " seconds, found an end at " +
                          std::to_string(static_cast<double>(samples.size()) / static_cast<double>(rate)));
    program::about(options.file, [&] {
      if (!wanted.empty()) output.begin();
      output.end(transcriber.transcribe(wanted));
    });
    return;
  }
  program::about("stdin", [&] {
    output.begin();
    if (rate != program::pipe_rate) {
      const std::vector<float> samples = program::read_pipe(rate);
      output.end(samples.empty() ? Transcript{} : transcriber.transcribe(part.of(samples)));
      return;
    }
    if (options.task.skip_silence) {
      const std::vector<float> samples = program::read_pipe(rate);
      const std::span<const float> wanted = part.of(samples);
      output.end(wanted.empty() ? Transcript{} : transcriber.transcribe(wanted));
      return;
    }
    Transcriber::Stream stream = transcriber.stream();
    program::for_each_pipe_piece([&](std::span<const float> piece) {
      stream.append(part.of(piece));
      return !part.over();
    });
    output.end(stream.finish());
  });
}

}  // namespace

int main(int argc, char** argv) {
  program::App app("Writes what a recording says");
  Options options;
  TranscriptionTask& task = options.task;
  std::vector<double> temperatures;
  double compression = 0;
  double logprob = 0;
  double no_speech = 0;
  double stride = 0;
  bool conditions = false;
  long seed = 0;
  app.add_option("MODEL", options.model, "a Hugging Face folder: Whisper, Moonshine, or a class for CTC")->required();
  app.add_option("FILE", options.file, "wav, flac, ogg, ...; -: s16le, one channel, 16 kHz, from a pipe")->required();
  app.add_option("--format", options.format, "text, subtitles, or json: an object with text and segments")
      ->check(program::is_member({"text", "srt", "vtt", "json"}))
      ->capture_default_str();
  app.add_option("--language", task.language, "of a model that knows several: de, German");
  app.add_option("--task", task.task, "of a model that has several: transcribe, translate");
  app.add_flag("--words", options.words, "srt, vtt, json: when each word was said");
  app.add_option("--start", options.start, "seconds that are left out at the beginning")->check(program::a_number());
  app.add_option("--duration", options.duration, "seconds that are heard (0: all)")->check(program::a_number());
  app.add_option("--initial-prompt", task.initial_prompt, "Whisper: what came before, or how names are spelled");
  app.add_flag("--skip-silence", task.skip_silence, "parts without sound are not heard");
  auto* warm = app.add_option("--temperature", temperatures, "Whisper: tried in this order while a text looks wrong")
                   ->delimiter(',')
                   ->check(program::a_number())
                   ->take_all();
  auto* compressed =
      app.add_option("--compression-ratio-threshold", compression, "Whisper: above it a text looks wrong")
          ->check(program::a_number());
  auto* guess = app.add_option("--logprob-threshold", logprob, "Whisper: below it a text looks wrong")
                    ->check(program::a_number());
  auto* silence =
      app.add_option("--no-speech-threshold", no_speech, "Whisper: above it a text that looks wrong is none")
          ->check(program::a_number());
  app.add_flag("--condition-on-previous", conditions, "Whisper: a window is told what was written before it");
  auto* seeded = app.add_option("--seed", seed, "of draws at a temperature (from the system)")
                     ->check(program::range(0, std::numeric_limits<long>::max()));
  app.add_option("--chunk", task.chunk_seconds, "CTC: seconds heard at once (0: all; 10 from a pipe)")
      ->check(program::a_number());
  auto* strided = app.add_option("--stride", stride, "CTC: seconds of a chunk on each side for context alone (a sixth)")
                      ->check(program::a_number());
  app.add_option("--beams", task.beams, "CTC: texts kept while searching (1: the best character of every frame)")
      ->check(program::range(1, 4096))
      ->capture_default_str();
  options.pipeline.add_to(app);
  return program::run(app, argc, argv, [&] {
    if (warm->count() > 0) task.windows.temperature = temperatures;
    if (compressed->count() > 0) task.windows.compression_ratio_threshold = compression;
    if (guess->count() > 0) task.windows.logprob_threshold = logprob;
    if (silence->count() > 0) task.windows.no_speech_threshold = no_speech;
    if (conditions) task.windows.condition_on_prev_tokens = true;
    if (seeded->count() > 0) task.seed = static_cast<std::uint64_t>(seed);
    if (strided->count() > 0) task.stride_seconds = stride;
    run(options);
  });
}
