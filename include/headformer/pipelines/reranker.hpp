#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/pipelines/encoder_pipeline.hpp"
#include "headformer/pipelines/scores.hpp"

namespace headformer {

/// Documents by how well they answer a query, both read together by one encoder (a cross-encoder, as
/// sentence-transformers runs it): one logit, through the activation that the checkpoint names, a sigmoid otherwise.
/// One call at a time.
class Reranker {
 public:
  /// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
  explicit Reranker(const std::filesystem::path& path, const PipelineOptions& options = {});

  /// A score for each pair, in their order; one that fails stops no other. Throws CancelledError.
  std::vector<Outcome<RankedDocument>> score(std::span<const TextPair> pairs) const;
  /// All documents, the best first. Throws ArgumentError when the query or one of them is no text.
  std::vector<RankedDocument> rank(std::string_view query, std::span<const std::string_view> documents) const;

 private:
  EncoderPipeline pipeline_;
  ScoreFunction function_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/reranker-inl.hpp"
#endif
