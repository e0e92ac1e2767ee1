#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/pipelines/encoder_pipeline.hpp"

namespace headformer {

/// How tokens become entities: the reference's aggregation strategies.
enum class TagAggregation {
  none,     ///< each token is an entity
  simple,   ///< neighbours of the same tag belong together (B- begins anew)
  first,    ///< the same of words, which have their first token's tag
  average,  ///< the tag of the mean of the tokens' scores
  max,      ///< the tag of the surest token
};
/// Throws ArgumentError for a name that is none of them.
TagAggregation tag_aggregation_from_name(std::string_view name);

/// A stretch of a text with a label.
struct TaggedEntity {
  std::string label;  ///< without B- and I- unless the aggregation is none
  float score = 0;
  std::string word;                  ///< its tokens put together
  std::uint32_t begin = 0, end = 0;  ///< in the text, in the unit that was asked for
  Index token = -1;                  ///< its place among the tokens; only without aggregation
};

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
