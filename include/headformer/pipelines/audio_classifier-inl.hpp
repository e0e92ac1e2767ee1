#pragma once

#include <utility>

#include "headformer/auto_audio_encoder.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/models/architecture_error.hpp"
#include "headformer/models/audio/audio_encoder_model.hpp"
#include "headformer/models/audio/spectrogram_model.hpp"
#include "headformer/pipelines/audio_classifier.hpp"
#include "headformer/pipelines/labels.hpp"
#include "headformer/pipelines/machinery.hpp"
#include "headformer/pipelines/recordings.hpp"
#include "headformer/preprocess/audio/audio_features.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

struct AudioClassifier::Parts {
  Cancellation cancellation;
  ProgressCallback progress;
  std::shared_ptr<Workspace> workspace;
  AudioFeatures features;
  std::unique_ptr<Model> model;
  std::vector<std::string> labels;

  HEADFORMER_COLD Parts(const Checkpoint& checkpoint, const PipelineOptions& options)
      : cancellation(options.cancellation),
        progress(options.progress),
        workspace(detail::pipeline_workspace(options)),
        features(AudioFeatures::from_files(checkpoint.files())) {
    const LoadOptions load = detail::pipeline_loading(options, *workspace->executor);
    bool classifies = false;
    Index count = 0;
    if (is_audio_encoder(checkpoint)) {
      std::shared_ptr<const AudioEncoder> encoder = open_audio_encoder(checkpoint, load);
      classifies = encoder->config().task == AudioTask::classification;
      count = encoder->heads().front()->output().width;
      model = std::make_unique<AudioEncoderModel>(std::move(encoder), workspace);
    } else if (is_spectrogram_encoder(checkpoint)) {
      std::unique_ptr<const ImageEncoder> encoder = open_spectrogram_encoder(checkpoint, load);
      classifies = encoder->config().task == ImageTask::classification;
      count = encoder->heads().front()->output().width;
      model = std::make_unique<SpectrogramModel>(std::move(encoder), workspace);
    }
    if (!classifies)
      detail::fail_architecture(checkpoint, "the classes for classification among " + audio_encoder_architectures() +
                                                ", " + spectrogram_encoder_architectures());
    labels = detail::read_labels(checkpoint.config(), count);
  }

  std::vector<LabelScore> classify(std::span<const float> samples) const {
    const Tensor<float> heard = features(samples, *workspace->executor);
    std::vector<Index> sizes{1};
    sizes.insert(sizes.end(), heard.shape().begin(), heard.shape().end());
    Tensor<float> batch{Shape(std::span<const Index>(sizes))};
    std::copy_n(heard.data(), heard.count(), batch.data());
    NamedTensors inputs;
    inputs.emplace(std::string(features.input_name()), std::move(batch));
    const NamedTensors outputs = model->forward(inputs);
    const auto& logits = std::get<Tensor<float>>(outputs.at("logits"));
    return detail::ranked(labels, detail::softmax({logits.data(), labels.size()}));
  }
};

HEADFORMER_COLD HEADFORMER_INLINE AudioClassifier::AudioClassifier(const std::filesystem::path& path,
                                                                   const PipelineOptions& options)
    : parts_(std::make_shared<const Parts>(Checkpoint::open(path), options)) {}

HEADFORMER_INLINE const std::vector<std::string>& AudioClassifier::labels() const { return parts_->labels; }
HEADFORMER_INLINE Index AudioClassifier::sample_rate() const { return parts_->features.sample_rate(); }

HEADFORMER_INLINE std::vector<Outcome<std::vector<LabelScore>>> AudioClassifier::classify(
    std::span<const std::span<const float>> recordings) const {
  return detail::answer_recordings<std::vector<LabelScore>>(
      recordings, parts_->cancellation, parts_->progress,
      [&](std::span<const float> samples) { return parts_->classify(samples); });
}
HEADFORMER_INLINE std::vector<LabelScore> AudioClassifier::classify(std::span<const float> samples) const {
  return classify(std::span(&samples, 1)).front().value();
}

}  // namespace headformer
