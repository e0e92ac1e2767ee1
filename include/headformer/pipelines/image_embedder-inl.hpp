#pragma once

#include <string>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/pipelines/image_embedder.hpp"

namespace headformer {

HEADFORMER_COLD HEADFORMER_INLINE ImagePooling image_pooling_from_name(const std::string& name) {
  constexpr std::pair<const char*, ImagePooling> known[] = {{"automatic", ImagePooling::automatic},
                                                            {"pooler", ImagePooling::pooler},
                                                            {"first", ImagePooling::first},
                                                            {"mean", ImagePooling::mean}};
  for (const auto& [text, pooling] : known) {
    if (name == text) return pooling;
  }
  throw ArgumentError("pooling: expected automatic, pooler, first or mean, found " + detail::quoted(name));
}

HEADFORMER_COLD HEADFORMER_INLINE ImageEmbedder::ImageEmbedder(const std::filesystem::path& path, ImagePooling pooling,
                                                               const PipelineOptions& options)
    : pipeline_(Checkpoint::open(path), options), pooling_(pooling) {
  const ImageEncoderConfig& config = pipeline_.encoder().config();
  if (pooling_ == ImagePooling::automatic) {
    head_ = pipeline_.head("image_embeds");
    if (pipeline_.towers() != nullptr) head_ = 0;
    if (!head_) head_ = pipeline_.head("pooler_output");
    if (!head_) pooling_ = config.tokens.empty() ? ImagePooling::mean : ImagePooling::first;
  } else if (pooling_ == ImagePooling::pooler) {
    head_ = pipeline_.head("pooler_output");
    if (!head_)
      throw ConfigError(pipeline_.name() + ": pooling: expected a class with pooler_output, found " +
                        detail::quoted(pipeline_.checkpoint().architecture()));
  } else if (pooling_ == ImagePooling::first && config.tokens.empty()) {
    throw ConfigError(pipeline_.name() + ": pooling: expected a class with a class token, found " +
                      detail::quoted(pipeline_.checkpoint().architecture()));
  }
}

HEADFORMER_INLINE Index ImageEmbedder::width() const {
  return head_ ? pipeline_.encoder().heads()[*head_]->output().width : pipeline_.encoder().config().width;
}

HEADFORMER_INLINE std::vector<Outcome<std::vector<float>>> ImageEmbedder::embed(
    std::span<const Picture> pictures) const {
  if (head_) {
    return pipeline_.answer_each<std::vector<float>>(pictures, [&](std::size_t, const ImagePipeline::Result& result) {
      const std::span<const float> row = result.results[*head_].row_span(0);
      std::vector<float> vector(row.begin(), row.end());
      if (pipeline_.towers() != nullptr) normalise_rows(TensorView<float>(vector.data(), Shape{1, width()}));
      return vector;
    });
  }
  return pipeline_.answer_each_hidden<std::vector<float>>(
      pictures, [&](std::size_t, const ImagePipeline::Result& result) {
        const TensorView<const float> rows = result.results.front();
        const Index first = pooling_ == ImagePooling::first ? 0 : rows.rows() - result.grid.count();
        const Index last = pooling_ == ImagePooling::first ? 1 : rows.rows();
        std::vector<float> vector(static_cast<std::size_t>(width()), 0.0F);
        for (Index r = first; r < last; ++r) {
          for (std::size_t c = 0; c < vector.size(); ++c) vector[c] += rows.row(r)[c];
        }
        for (float& value : vector) value /= static_cast<float>(last - first);
        return vector;
      });
}

HEADFORMER_INLINE std::vector<float> ImageEmbedder::embed(const Picture& picture) const {
  return embed(std::span(&picture, 1)).front().value();
}

}  // namespace headformer
