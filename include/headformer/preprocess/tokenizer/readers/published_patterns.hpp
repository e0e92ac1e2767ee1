#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/preprocess/tokenizer/steps/decoders.hpp"
#include "headformer/preprocess/tokenizer/steps/pre_tokenizers.hpp"

namespace headformer::detail {

// What a Split in front of the byte alphabet cuts at, for the families that have one.
inline constexpr const char* llama3_pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| "
    "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|"
    "\\s+(?!\\S)|\\s+";
inline constexpr const char* qwen2_pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|"
    "\\s+(?!\\S)|\\s+";
inline constexpr const char* qwen35_pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|"
    "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
inline constexpr const char* clip_pattern =
    "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

HEADFORMER_COLD inline SplitPreTokenizer isolating_split(std::string_view pattern) {
  return {Regex(pattern), SplitBehavior::isolated, false};
}

inline ByteLevelPreTokenizer byte_level_pre_tokenizer(bool add_prefix_space, bool use_regex) {
  ByteLevelPreTokenizer step{add_prefix_space, {}, true};
  if (use_regex) step.split.push_back({Regex(ByteLevelPreTokenizer::gpt2_pattern), SplitBehavior::isolated, false});
  return step;
}

/// The steps that SentencePiece-style models decode with: spaces back, bytes, one text, and no space at its beginning.
HEADFORMER_COLD inline std::vector<Decoder> sentencepiece_decoders(bool strip_first_space) {
  std::vector<Decoder> steps{Replacement::of_text("\u2581", " "), ByteFallbackDecoder{}, FuseDecoder{}};
  if (strip_first_space) steps.push_back(StripDecoder{" ", 1, 0});
  return steps;
}

}  // namespace headformer::detail
