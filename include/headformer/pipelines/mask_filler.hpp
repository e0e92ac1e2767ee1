#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/pipelines/encoder_pipeline.hpp"

namespace headformer {

/// A token for a mask.
struct MaskFill {
  TokenId token = 0;
  std::string text;  ///< the token decoded
  float score = 0;   ///< its probability among all tokens
};

/// What stands at the masks of texts, by an encoder with a head over its vocabulary. One call at a time.
class MaskFiller {
 public:
  /// Throws IoError, FormatError, ConfigError (also when the tokenizer names no mask), WeightError, CancelledError.
  explicit MaskFiller(const std::filesystem::path& path, const PipelineOptions& options = {});

  /// The mask as a text spells it ("[MASK]").
  std::string mask() const;

  /// The best `count` tokens for each mask of each text, the best first. A text that fails or has no mask stops no
  /// other. Throws ArgumentError for a count below 1, CancelledError.
  std::vector<Outcome<std::vector<std::vector<MaskFill>>>> fill(std::span<const std::string_view> texts,
                                                                Index count = 5) const;

 private:
  std::vector<MaskFill> best(std::span<const float> logits, Index count) const;

  EncoderPipeline pipeline_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/mask_filler-inl.hpp"
#endif
