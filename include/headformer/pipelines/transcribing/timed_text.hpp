#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/token_id.hpp"
#include "headformer/preprocess/tokenizer.hpp"

namespace headformer {

/// Tokens between two times, as the reference's pipeline for speech recognition puts them together, and the seconds
/// from when to when each was said, where that is known.
struct TimedChunk {
  std::optional<double> begin;
  std::optional<double> end;
  std::vector<TokenId> ids;
  std::vector<std::pair<double, double>> spans;
};

/// Chunks of what a model of windows wrote of a whole recording (the reference's _decode_asr without strides). `times`
/// are empty, or the seconds of each id. `first_time`: the id of the time 0.
std::vector<TimedChunk> timed_chunks(const Tokenizer& tokenizer, std::span<const TokenId> ids,
                                     std::span<const double> times, TokenId first_time, double time_seconds = 0.02);

/// A word's text, with the space before it, and the places of its tokens.
struct TokenWord {
  std::string text;
  std::vector<std::size_t> tokens;
};

/// Tokens by words, punctuation with its neighbour: at spaces, and in languages that use none (zh, ja, th, lo, my, yue)
/// between characters (the reference's _combine_tokens_into_words). `language`: its code; empty: one with spaces.
std::vector<TokenWord> token_words(const Tokenizer& tokenizer, std::span<const TokenId> ids,
                                   const std::string& language = "");

/// A text that stands before what is to be written ("<|startofprev|>" and the text, the reference's get_prompt_ids).
/// Throws ArgumentError where the tokenizer knows no such thing, and for a special token in the text.
std::vector<TokenId> prompt_ids(const Tokenizer& tokenizer, const std::string& text);

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/transcribing/timed_text-inl.hpp"
#endif
