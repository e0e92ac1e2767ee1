#pragma once

#include <utility>

#include "headformer/auto_dual_encoder.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/models/architecture_error.hpp"
#include "headformer/pipelines/machinery.hpp"
#include "headformer/pipelines/template_text.hpp"
#include "headformer/pipelines/token_limit.hpp"
#include "headformer/pipelines/zero_shot_image_classifier.hpp"

namespace headformer {

namespace detail {

/// Throws ConfigError for a checkpoint of anything else.
HEADFORMER_COLD inline Checkpoint open_towers(const std::filesystem::path& path) {
  Checkpoint checkpoint = Checkpoint::open(path);
  if (!is_dual_encoder(checkpoint)) fail_architecture(checkpoint, dual_encoder_architectures());
  return checkpoint;
}

}  // namespace detail

HEADFORMER_COLD HEADFORMER_INLINE ZeroShotImageClassifier::ZeroShotImageClassifier(const std::filesystem::path& path,
                                                                                   const PipelineOptions& options)
    : pipeline_(detail::open_towers(path), options), tokenizer_(detail::pipeline_tokenizer(pipeline_.checkpoint())) {}

HEADFORMER_INLINE std::span<const std::string> ZeroShotImageClassifier::default_templates() {
  static const std::string one = "This is a photo of {}.";
  return {&one, 1};
}

HEADFORMER_INLINE Tensor<float> ZeroShotImageClassifier::embed_texts(std::span<const std::string> texts) const {
  const DualEncoder& towers = *pipeline_.towers();
  const Index positions = detail::usable_positions(towers.text().config());
  EncodeOptions options;
  if (positions > 0) options.truncation = Truncation{.max_length = positions, .keep_overflowing = false};
  // A model of the sigmoid loss has seen texts filled up to its positions, as tokens that count.
  if (towers.similarity().loss == ContrastiveLoss::sigmoid && positions > 0)
    options.padding.emplace().length = positions;
  std::vector<Encoding> tokens;
  std::vector<EncoderInput> inputs(texts.size());
  for (const std::string& text : texts) {
    tokens.push_back(tokenizer_.encode(TextPair{text, {}}, options));
    if (tokens.back().truncated)
      throw ArgumentError("label: expected at most " + std::to_string(positions) + " tokens, found more in " +
                          detail::quoted(text));
  }
  for (std::size_t i = 0; i < texts.size(); ++i) inputs[i].ids = tokens[i].ids;
  Tensor<float> vectors(Shape{static_cast<Index>(texts.size()), towers.width()});
  towers.embed(pipeline_.workspace(), inputs, vectors);
  return vectors;
}

HEADFORMER_INLINE LabelVectors ZeroShotImageClassifier::embed_labels(std::span<const std::string> labels,
                                                                     std::span<const std::string> templates) const {
  if (labels.empty()) throw ArgumentError("labels: expected at least one, found none");
  if (templates.empty()) throw ArgumentError("templates: expected at least one, found none");
  LabelVectors result{{labels.begin(), labels.end()}, Tensor<float>()};
  for (const std::string& one : templates) {
    Tensor<float> vectors = embed_texts(detail::fill_template("template", one, labels));
    if (result.vectors.data() == nullptr) {
      result.vectors = std::move(vectors);
    } else {
      for (Index i = 0; i < vectors.count(); ++i) result.vectors.data()[i] += vectors.data()[i];
    }
  }
  if (templates.size() > 1) normalise_rows(result.vectors);
  return result;
}

HEADFORMER_INLINE std::vector<Outcome<std::vector<LabelScore>>> ZeroShotImageClassifier::classify(
    std::span<const Picture> pictures, const LabelVectors& labels) const {
  const DualEncoder& towers = *pipeline_.towers();
  const Shape expected{static_cast<Index>(labels.labels.size()), towers.width()};
  if (!(labels.vectors.shape() == expected))
    throw ArgumentError("labels: expected vectors " + to_string(expected) + ", found " +
                        to_string(labels.vectors.shape()));
  const bool softmax = towers.similarity().loss == ContrastiveLoss::softmax;
  return pipeline_.answer_each<std::vector<LabelScore>>(
      pictures, [&](std::size_t, const ImagePipeline::Result& result) {
        Tensor<float> vector(Shape{1, towers.width()});
        std::copy_n(result.results.front().row(0), towers.width(), vector.data());
        normalise_rows(vector);
        Tensor<float> logits(Shape{1, expected[0]});
        towers.similarity()(vector.view(), labels.vectors.view(), logits);
        const ScoreFunction function = softmax ? ScoreFunction::softmax : ScoreFunction::sigmoid;
        return detail::ranked(labels.labels, detail::scores_of(function, logits.view().row_span(0)));
      });
}

}  // namespace headformer
