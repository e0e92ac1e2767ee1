#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "headformer/pipelines/embedding/token_pooling.hpp"
#include "headformer/pipelines/embedding/vector_source.hpp"
#include "headformer/pipelines/encoder_pipeline.hpp"

namespace headformer {

/// An encoder and a pooling of its tokens' hidden states: sentence-transformers' Transformer and Pooling.
class PooledEncoder final : public VectorSource {
 public:
  PooledEncoder(std::shared_ptr<const EncoderPipeline> pipeline, TokenPoolingConfig pooling)
      : pipeline_(std::move(pipeline)), pooling_(std::move(pooling)) {}

  Index width() const override {
    return static_cast<Index>(pooling_.modes.size()) * pipeline_->encoder().config().width;
  }
  Index max_length() const override { return pipeline_->max_length(); }

  std::vector<Outcome<TextVector>> vectors(std::span<const std::string_view> texts,
                                           const std::string& prompt) const override {
    const std::vector<std::string> whole = prompted(texts, prompt);
    const std::vector<Outcome<Encoding>> tokens = pipeline_->tokens(pairs_of(whole));
    const Index skipped = prompt_length(prompt);
    return pipeline_->answer_each_hidden<TextVector>(
        tokens, [&](std::size_t i, std::span<const TensorView<const float>> hidden) {
          TextVector vector{std::vector<float>(static_cast<std::size_t>(width())), tokens[i].value().truncated};
          float* to = vector.values.data();
          for (const TokenPooling mode : pooling_.modes) {
            pool_tokens(mode, hidden.front(), skipped, to);
            to += hidden.front().columns();
          }
          return vector;
        });
  }

 private:
  /// The tokens of a prompt that pooling leaves out: without a special token at its end.
  Index prompt_length(const std::string& prompt) const {
    if (pooling_.include_prompt || prompt.empty()) return 0;
    const std::vector<TokenId> ids = pipeline_->tokenizer().encode(prompt);
    const bool ends = !ids.empty() && pipeline_->tokenizer().is_special(ids.back());
    return static_cast<Index>(ids.size()) - (ends ? 1 : 0);
  }

  std::shared_ptr<const EncoderPipeline> pipeline_;
  TokenPoolingConfig pooling_;
};

}  // namespace headformer
