#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/pipelines/encoder_pipeline.hpp"
#include "headformer/pipelines/tagging/tagged_entity.hpp"

namespace headformer {

struct TagOptions {
  TagAggregation aggregation = TagAggregation::simple;
  OffsetUnit offsets = OffsetUnit::characters;
  Index stride = -1;  ///< tokens that parts of a long text have in common; -1: a long text is cut
  std::vector<std::string> ignored = {"O"};  ///< labels that are left out
};

struct TaggedText {
  std::vector<TaggedEntity> entities;
  bool truncated = false;  ///< the text was longer than the model's maximum, and its end was not read
};

/// Names, places and the like in texts, by an encoder with a head for token classification. One call at a time.
class TokenTagger {
 public:
  /// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
  explicit TokenTagger(const std::filesystem::path& path, const PipelineOptions& options = {});

  const std::vector<std::string>& labels() const { return labels_; }

  /// In the texts' order; one that fails stops no other. Throws ArgumentError for a stride that does not fit,
  /// CancelledError.
  std::vector<Outcome<TaggedText>> tag(std::span<const std::string_view> texts, const TagOptions& options = {}) const;

 private:
  EncoderPipeline pipeline_;
  std::vector<std::string> labels_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/token_tagger-inl.hpp"
#endif
