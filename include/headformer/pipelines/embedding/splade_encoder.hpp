#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/pipelines/embedding/vector_source.hpp"
#include "headformer/pipelines/encoder_pipeline.hpp"
#include "headformer/pipelines/labels.hpp"

namespace headformer {

/// How a text's logits over the vocabulary become one sparse vector (Formal et al. 2021,
/// https://arxiv.org/abs/2107.05720).
struct SpladePoolingConfig {
  bool sums = false;       ///< over the tokens; otherwise their maximum
  bool log_twice = false;  ///< log(1 + log(1 + relu(x))) in place of log(1 + relu(x))
};

/// A number for each piece of the vocabulary, most of them 0: an encoder with a head for masked language modelling and
/// sentence-transformers' SpladePooling.
class SpladeEncoder final : public VectorSource {
 public:
  HEADFORMER_COLD SpladeEncoder(std::shared_ptr<const EncoderPipeline> pipeline, SpladePoolingConfig pooling)
      : pipeline_(std::move(pipeline)), pooling_(pooling) {
    detail::expect_task(*pipeline_, EncoderTask::masked_lm, "masked language modelling");
  }

  Index width() const override { return pipeline_->encoder().config().vocabulary; }
  Index max_length() const override { return pipeline_->max_length(); }

  std::vector<Outcome<TextVector>> vectors(std::span<const std::string_view> texts,
                                           const std::string& prompt) const override {
    const std::vector<std::string> whole = prompted(texts, prompt);
    const std::vector<Outcome<Encoding>> tokens = pipeline_->tokens(pairs_of(whole));
    return pipeline_->answer_each<TextVector>(tokens,
                                              [&](std::size_t i, std::span<const TensorView<const float>> logits) {
                                                return TextVector{pool(logits.front()), tokens[i].value().truncated};
                                              });
  }

 private:
  /// Shapes: logits [T, V] -> [V].
  std::vector<float> pool(TensorView<const float> logits) const {
    std::vector<float> pooled(static_cast<std::size_t>(logits.columns()), 0.0F);
    for (Index r = 0; r < logits.rows(); ++r) {
      const float* row = logits.row(r);
      for (std::size_t v = 0; v < pooled.size(); ++v) {
        if (row[v] <= 0) continue;
        float weight = std::log1p(row[v]);
        if (pooling_.log_twice) weight = std::log1p(weight);
        pooled[v] = pooling_.sums ? pooled[v] + weight : std::max(pooled[v], weight);
      }
    }
    return pooled;
  }

  std::shared_ptr<const EncoderPipeline> pipeline_;
  SpladePoolingConfig pooling_;
};

}  // namespace headformer
