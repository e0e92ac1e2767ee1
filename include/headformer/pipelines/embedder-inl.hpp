#pragma once

#include <algorithm>
#include <map>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/pipelines/embedder.hpp"
#include "headformer/pipelines/embedding/embedding_route.hpp"
#include "headformer/pipelines/embedding/sentence_config.hpp"
#include "headformer/pipelines/embedding/similarity.hpp"

namespace headformer {

struct Embedder::Parts {
  detail::SentenceConfig config;
  std::shared_ptr<Workspace> workspace;
  std::map<std::string, detail::EmbeddingRoute> routes;

  HEADFORMER_COLD Parts(const std::filesystem::path& folder, PipelineOptions options)
      : config(detail::read_sentence_config(folder)), workspace(detail::pipeline_workspace(options)) {
    options.executor = workspace->executor;  // one pool for all routes
    for (const auto& [name, modules] : config.routes) routes.try_emplace(name, modules, options, *workspace);
    for (const auto& [name, route] : routes) {
      if (route.width() != routes.begin()->second.width())
        throw ConfigError(folder.string() + ": routes: expected vectors of the same length, found " +
                          std::to_string(routes.begin()->second.width()) + " and " + std::to_string(route.width()));
    }
  }

  Index whole_width() const { return routes.begin()->second.width(); }

  /// The way of a text that is this. Throws ArgumentError where the model knows queries and documents only.
  const detail::EmbeddingRoute& route(TextRole role) const {
    if (const auto only = routes.find(""); only != routes.end()) return only->second;
    const std::string name = role == TextRole::query      ? "query"
                             : role == TextRole::document ? "document"
                             : routes.contains("text")    ? "text"
                                                          : config.default_route;
    if (const auto found = routes.find(name); found != routes.end()) return found->second;
    std::string known;
    for (const auto& [other, route] : routes) known += (known.empty() ? "" : ", ") + other;
    throw ArgumentError("role: expected one of " + known + ", found " + (name.empty() ? "none" : name));
  }
};

HEADFORMER_INLINE Embedder::Embedder(const std::filesystem::path& path, const PipelineOptions& options)
    : parts_(std::make_shared<const Parts>(path, options)) {}

HEADFORMER_INLINE Index Embedder::width() const {
  const Index kept = parts_->config.dimensions;
  return kept > 0 ? std::min(kept, parts_->whole_width()) : parts_->whole_width();
}

HEADFORMER_INLINE Index Embedder::max_length(TextRole role) const { return parts_->route(role).max_length(); }

HEADFORMER_INLINE std::vector<std::string> Embedder::prompt_names() const { return parts_->config.prompts.names(); }

HEADFORMER_INLINE std::vector<Outcome<TextVector>> Embedder::embed(std::span<const std::string_view> texts,
                                                                   const EmbedOptions& options) const {
  if (options.dimensions < 0 || options.dimensions > parts_->whole_width())
    throw ArgumentError("dimensions: expected 1 to " + std::to_string(parts_->whole_width()) + ", found " +
                        std::to_string(options.dimensions));
  const auto kept = static_cast<std::size_t>(options.dimensions > 0 ? options.dimensions : width());
  const std::string prompt = parts_->config.prompts.text_of(options.role, options.prompt_name, options.prompt);
  auto vectors = parts_->route(options.role).vectors(texts, prompt);
  for (Outcome<TextVector>& outcome : vectors) {
    if (!outcome || outcome.value().values.size() == kept) continue;
    const std::vector<float>& whole = outcome.value().values;
    outcome = TextVector{{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(kept)}, outcome.value().truncated};
  }
  return vectors;
}

HEADFORMER_INLINE std::vector<float> Embedder::embed(std::string_view text, const EmbedOptions& options) const {
  return embed(std::span(&text, 1), options).front().value().values;
}

HEADFORMER_INLINE float Embedder::similarity(std::span<const float> a, std::span<const float> b) const {
  if (a.size() != b.size())
    throw ArgumentError("similarity: expected vectors of the same length, found " + std::to_string(a.size()) + " and " +
                        std::to_string(b.size()));
  return detail::similarity(parts_->config.similarity, a, b);
}

HEADFORMER_INLINE float Embedder::similarity(std::string_view a, std::string_view b) const {
  return similarity(embed(a), embed(b));
}

}  // namespace headformer
