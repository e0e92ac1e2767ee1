#pragma once

#include <algorithm>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/pipelines/embedding/max_sim.hpp"
#include "headformer/pipelines/embedding/token_vector_encoder.hpp"
#include "headformer/pipelines/multi_vector_embedder.hpp"

namespace headformer {

struct MultiVectorEmbedder::Parts {
  detail::MultiVectorConfig config;
  std::shared_ptr<Workspace> workspace;
  detail::TokenVectorEncoder encoder;

  HEADFORMER_COLD Parts(const std::filesystem::path& folder, PipelineOptions options)
      : config(detail::read_multi_vector_config(folder)),
        workspace(detail::pipeline_workspace(options)),
        encoder(config, options, *workspace) {}

  /// Of one query.
  detail::MaxSim scorer(TensorView<const float> query) const {
    expect_width("query", query);
    return detail::MaxSim(*workspace, query, config.mean);
  }

  void expect_width(const char* what, TensorView<const float> vectors) const {
    if (vectors.rank() != 2 || vectors.columns() != encoder.width())
      throw ArgumentError(std::string(what) + ": expected [tokens, " + std::to_string(encoder.width()) + "], found " +
                          to_string(vectors.shape()));
  }
};

HEADFORMER_INLINE bool MultiVectorEmbedder::reads(const std::filesystem::path& path) {
  return detail::multi_vector_format(path) != detail::MultiVectorFormat::none;
}

HEADFORMER_INLINE MultiVectorEmbedder::MultiVectorEmbedder(const std::filesystem::path& path,
                                                           const PipelineOptions& options)
    : parts_(std::make_shared<const Parts>(path, options)) {}

HEADFORMER_INLINE Index MultiVectorEmbedder::width() const { return parts_->encoder.width(); }

HEADFORMER_INLINE Index MultiVectorEmbedder::max_length(TextRole role) const {
  return parts_->encoder.max_length(role);
}

HEADFORMER_INLINE std::vector<std::string> MultiVectorEmbedder::prompt_names() const {
  return parts_->config.prompts.names();
}

HEADFORMER_INLINE std::vector<Outcome<TokenVectors>> MultiVectorEmbedder::embed(
    std::span<const std::string_view> texts, const TokenVectorOptions& options) const {
  const std::string prompt = parts_->config.prompts.text_of(options.role, options.prompt_name, options.prompt);
  return parts_->encoder.vectors(texts, prompt, options.role);
}

HEADFORMER_INLINE Tensor<float> MultiVectorEmbedder::embed(std::string_view text,
                                                           const TokenVectorOptions& options) const {
  return std::move(embed(std::span(&text, 1), options).front()).value().rows;
}

HEADFORMER_INLINE float MultiVectorEmbedder::similarity(TensorView<const float> query,
                                                        TensorView<const float> document) const {
  parts_->expect_width("document", document);
  return parts_->scorer(query)(document);
}

HEADFORMER_INLINE float MultiVectorEmbedder::similarity(std::string_view query, std::string_view document) const {
  return similarity(embed(query, {.role = TextRole::query}), embed(document, {.role = TextRole::document}));
}

HEADFORMER_INLINE std::vector<RankedDocument> MultiVectorEmbedder::rank(
    std::string_view query, std::span<const std::string_view> documents) const {
  const detail::MaxSim score = parts_->scorer(embed(query, {.role = TextRole::query}));
  std::vector<RankedDocument> ranked;
  for (const Outcome<TokenVectors>& document : embed(documents, {.role = TextRole::document}))
    ranked.push_back({ranked.size(), score(document.value().rows), document.value().truncated});
  detail::sort_best_first(ranked);
  return ranked;
}

}  // namespace headformer
