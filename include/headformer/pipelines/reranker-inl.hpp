#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/formats/json_file.hpp"
#include "headformer/pipelines/labels.hpp"
#include "headformer/pipelines/reranker.hpp"

namespace headformer {

namespace detail {

/// What becomes of a cross-encoder's logit: the first of config_sentence_transformers.json, config.json's
/// sentence_transformers and its older key. A class that is not torch's counts as none, as in the reference.
HEADFORMER_COLD inline ScoreFunction read_reranker_activation(const Checkpoint& checkpoint) {
  const JsonFile file(checkpoint.files(), "config_sentence_transformers.json");
  const JsonObject config = checkpoint.config();
  JsonObject at = file.object();
  const char* key = "activation_fn";
  if (!at.has(key) && config.has("sentence_transformers")) at = config.object("sentence_transformers");
  if (!at.has(key)) {
    at = config;
    key = "sbert_ce_default_activation_function";
  }
  const std::string path = at.string_or(key, "");
  if (!path.starts_with("torch.") || path.ends_with(".Sigmoid")) return ScoreFunction::sigmoid;
  if (path.ends_with(".Identity")) return ScoreFunction::none;
  at.fail(key, "torch.nn's Sigmoid or Identity");
}

}  // namespace detail

HEADFORMER_INLINE Reranker::Reranker(const std::filesystem::path& path, const PipelineOptions& options)
    : pipeline_(Checkpoint::open(path), options), function_(detail::read_reranker_activation(pipeline_.checkpoint())) {
  detail::expect_one_label(pipeline_);
}

HEADFORMER_INLINE std::vector<Outcome<RankedDocument>> Reranker::score(std::span<const TextPair> pairs) const {
  const std::vector<Outcome<Encoding>> tokens = pipeline_.tokens(pairs);
  return pipeline_.answer_each<RankedDocument>(
      tokens, [&](std::size_t i, std::span<const TensorView<const float>> results) {
        const float logit = *results.front().row(0);
        return RankedDocument{i, function_ == ScoreFunction::sigmoid ? detail::sigmoid(logit) : logit,
                              tokens[i].value().truncated};
      });
}

HEADFORMER_INLINE std::vector<RankedDocument> Reranker::rank(std::string_view query,
                                                             std::span<const std::string_view> documents) const {
  std::vector<TextPair> pairs;
  for (const std::string_view document : documents) pairs.push_back({query, document});
  std::vector<RankedDocument> ranked;
  for (const Outcome<RankedDocument>& outcome : score(pairs)) ranked.push_back(outcome.value());
  detail::sort_best_first(ranked);
  return ranked;
}

}  // namespace headformer
