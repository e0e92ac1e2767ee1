#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include "headformer/auto_audio_encoder.hpp"
#include "headformer/auto_speech_to_text.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/models/architecture_error.hpp"
#include "headformer/pipelines/machinery.hpp"
#include "headformer/pipelines/recordings.hpp"
#include "headformer/pipelines/speech_generator.hpp"
#include "headformer/pipelines/transcriber.hpp"
#include "headformer/preprocess/audio/audio_features.hpp"
#include "headformer/preprocess/ctc_decoder.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

struct Transcriber::Parts {
  Cancellation cancellation;
  ProgressCallback progress;
  std::shared_ptr<Workspace> workspace;
  AudioFeatures features;
  std::shared_ptr<const AudioEncoder> encoder;  ///< of a model of characters
  std::optional<CtcDecoder> characters;
  std::optional<SpeechGenerator> writer;  ///< of one that writes
  std::optional<Tokenizer> tokenizer;
  SpeechPrompts told;

  HEADFORMER_COLD Parts(const Checkpoint& checkpoint, const TranscriptionTask& task, const PipelineOptions& options)
      : cancellation(options.cancellation),
        progress(options.progress),
        workspace(detail::pipeline_workspace(options)),
        features(AudioFeatures::from_files(checkpoint.files())) {
    if (is_speech_to_text(checkpoint)) {
      PipelineOptions own = options;
      own.executor = workspace->executor;
      writer.emplace(checkpoint, own);
      tokenizer = detail::pipeline_tokenizer(checkpoint);
      if (!task.language.empty()) told.language = task.language;
      if (!task.task.empty()) told.task = task.task;
      told.over(writer->prompts()).ids(0);  // refuses what the model does not know
      return;
    }
    if (is_audio_encoder(checkpoint))
      encoder = open_audio_encoder(checkpoint, detail::pipeline_loading(options, *workspace->executor));
    if (encoder == nullptr || encoder->config().task != AudioTask::ctc)
      detail::fail_architecture(checkpoint, speech_to_text_architectures() + " or a class for CTC");
    if (!task.task.empty())
      throw ArgumentError("task: expected none of a model of characters, found " + detail::quoted(task.task));
    characters = CtcDecoder::from_files(checkpoint.files(), task.language);
  }

  Transcript transcribe(std::span<const float> samples) const {
    if (const auto* const log_mel = std::get_if<LogMelFeatures>(&features.kind())) {
      if (const Index most = log_mel->config().chunk_samples(); static_cast<Index>(samples.size()) > most)
        throw ArgumentError("recording: expected at most " + std::to_string(most) + " samples, found " +
                            std::to_string(samples.size()));
    }
    const Tensor<float> heard = features(samples, *workspace->executor);
    if (!writer) return spell({heard.view()});
    return {tokenizer->decode(writer->generate({heard.view()}, {}, told), true), {}};
  }

  /// The best character of every frame.
  Transcript spell(const AudioInput& sound) const {
    Tensor<float> logits(Shape{encoder->rows(sound), encoder->config().words});
    const TensorView<float> view = logits;
    encoder->forward(*workspace, std::span(&sound, 1), std::span(&view, 1));
    std::vector<TokenId> ids;
    for (Index frame = 0; frame < logits.size(0); ++frame) {
      const std::span<const float> row = logits.view().row_span(frame);
      ids.push_back(static_cast<TokenId>(std::max_element(row.begin(), row.end()) - row.begin()));
    }
    const CtcText heard = characters->decode(ids);
    Index samples = 1;  // from one frame to the next
    for (const TemporalConvolutionConfig& convolution : encoder->config().convolutions) samples *= convolution.stride;
    const double seconds = static_cast<double>(samples) / static_cast<double>(features.sample_rate());
    Transcript result{heard.text, {}};
    for (const FramedWord& word : heard.words)
      result.words.push_back(
          {word.word, static_cast<double>(word.begin) * seconds, static_cast<double>(word.end) * seconds});
    return result;
  }
};

HEADFORMER_COLD HEADFORMER_INLINE Transcriber::Transcriber(const std::filesystem::path& path,
                                                           const TranscriptionTask& task,
                                                           const PipelineOptions& options)
    : parts_(std::make_shared<const Parts>(Checkpoint::open(path), task, options)) {}

HEADFORMER_INLINE Index Transcriber::sample_rate() const { return parts_->features.sample_rate(); }

HEADFORMER_INLINE std::vector<Outcome<Transcript>> Transcriber::transcribe(
    std::span<const std::span<const float>> recordings) const {
  return detail::answer_recordings<Transcript>(
      recordings, parts_->cancellation, parts_->progress,
      [&](std::span<const float> samples) { return parts_->transcribe(samples); });
}
HEADFORMER_INLINE Transcript Transcriber::transcribe(std::span<const float> samples) const {
  return transcribe(std::span(&samples, 1)).front().value();
}

}  // namespace headformer
