#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/models/encoders/config.hpp"
#include "headformer/models/encoders/heads.hpp"
#include "headformer/models/tied_output.hpp"
#include "headformer/nn/embedding.hpp"

namespace headformer {

using EncoderHeads = std::vector<std::unique_ptr<EncoderHead>>;

/// Binds heads below the names "masked_lm", "classifier", "choice", "tokens", "next_sentence" and "pooler".
/// `Tokens`: what token classification and question answering do before their matrix; `Pooled`: what classifiers do.
template <class Tokens, class Pooled>
class HeadMaker {
 public:
  HeadMaker(const EncoderConfig& config, const Weights& weights, const Embedding& words)
      : config_(config), heads_(config.heads), weights_(weights), words_(words) {}

  HEADFORMER_COLD EncoderHeads make() const {
    EncoderHeads result;
    const Index labels = heads_.labels;
    switch (config_.task) {
      case EncoderTask::base:
        result.push_back(std::make_unique<HiddenStates>(config_.width));
        // Published checkpoints of one class come with a pooler and without; no config says which.
        if (heads_.pooler.width > 0 && weights_.has("pooler.dense.weight"))
          result.push_back(std::make_unique<PoolerHead<>>(config_.width, heads_.pooler, weights_ / "pooler"));
        break;
      case EncoderTask::masked_lm:
        result.push_back(masked_lm("logits"));
        break;
      case EncoderTask::pre_training:
        result.push_back(masked_lm("prediction_logits"));
        result.push_back(pooled("next_sentence", heads_.pooler, {{heads_.order_logits}, heads_.order_labels}));
        break;
      case EncoderTask::next_sentence:
        result.push_back(pooled("next_sentence", heads_.pooler, {{"logits"}, 2}));
        break;
      case EncoderTask::sequence_classification:
        result.push_back(pooled("classifier", heads_.classifier, {{"logits"}, labels}, heads_.classifier_bias));
        break;
      case EncoderTask::multiple_choice:
        result.push_back(pooled("choice", heads_.choice, {{"logits"}, 1, false, true}));
        break;
      case EncoderTask::token_classification:
        result.push_back(tokens("tokens", {{"logits"}, labels, true}));
        break;
      case EncoderTask::question_answering:
        result.push_back(tokens("answer", {{"start_logits", "end_logits"}, 2, true, true}));
        break;
      case EncoderTask::replaced_token_detection:
        result.push_back(std::make_unique<TokenHead<DenseTransform>>(
            EncoderOutput{{"logits"}, 1, true, true},
            DenseTransform(config_.width, heads_.discriminator, weights_ / "discriminator"),
            Linear({heads_.discriminator.width, {{"output", 1}}, true}, weights_ / "discriminator")));
        break;
      case EncoderTask::projection:
      case EncoderTask::shared_space:
        break;  // of towers, which have heads of their own
    }
    return result;
  }

 private:
  std::unique_ptr<EncoderHead> masked_lm(const char* name) const {
    const Index vocabulary = config_.vocabulary;
    const TransformConfig& transform = heads_.masked_lm;
    Tensor<float> bias;
    if (config_.tied_output && heads_.output_bias) bias = weights_.vector("output.bias", vocabulary);
    return std::make_unique<TokenHead<NormedTransform>>(
        EncoderOutput{{name}, vocabulary, true}, NormedTransform(config_.width, transform, weights_ / "masked_lm"),
        config_.tied_output ? Linear::tied(words_.table, std::move(bias))
                            : Linear({transform.width, {{"output", vocabulary}}, heads_.output_bias}, weights_));
  }

  std::unique_ptr<EncoderHead> pooled(const char* name, const TransformConfig& transform, EncoderOutput output,
                                      bool bias = true) const {
    const Weights weights = weights_ / name;
    const LinearConfig linear{transform.width, {{"output", output.width}}, bias};
    return std::make_unique<ClassificationHead<Pooled>>(
        std::move(output), transform, Pooled(config_.width, transform, weights), Linear(linear, weights));
  }

  std::unique_ptr<EncoderHead> tokens(const char* name, EncoderOutput output) const {
    const Weights weights = weights_ / name;
    const Index inputs = heads_.tokens.width > 0 ? heads_.tokens.width : config_.width;
    const LinearConfig linear{inputs, {{"output", output.width}}, true};
    return std::make_unique<TokenHead<Tokens>>(std::move(output), Tokens(config_.width, heads_.tokens, weights),
                                               Linear(linear, weights));
  }

  const EncoderConfig& config_;
  const HeadsConfig& heads_;
  const Weights& weights_;
  const Embedding& words_;
};

}  // namespace headformer
