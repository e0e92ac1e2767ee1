#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/error.hpp"
#include "headformer/core/token_id.hpp"
#include "headformer/generate/timestamp_rules.hpp"

namespace headformer {

/// Which windows of a long recording are told the prompt: the first, before what has been written since, or every one
/// in its place. Where nothing goes from window to window, all are told it.
enum class PromptCondition { first_segment, all_segments };

/// How a long recording is written down, window after window: the reference's arguments of Whisper's generate().
struct LongFormConfig {
  TimestampRules rules;
  bool writes_times = true;                           ///< else the rules only tell what times are
  std::vector<TokenId> start;                         ///< what the decoder's ids begin with: start, language, task
  Index vocabulary = 0;                               ///< V
  Index positions = 0;                                ///< of the decoder, the prompt's and the new tokens'
  Index window = 0;                                   ///< frames heard at once
  Index frames_per_time = 2;                          ///< from one time to the next
  double time_seconds = 0.02;                         ///< the same in seconds
  std::vector<double> temperatures = {0};             ///< tried in this order, while a text looks wrong
  std::optional<double> compression_ratio_threshold;  ///< a text that shrinks by more repeats itself
  std::optional<double> logprob_threshold;            ///< a mean log probability below it is a guess
  std::optional<double> no_speech_threshold;          ///< a guess where silence is likelier than this is left out
  bool condition_on_prev_tokens = false;              ///< a window is told what has been written before
  std::vector<TokenId> prompt_ids;
  PromptCondition prompt_condition_type = PromptCondition::first_segment;
  std::optional<TokenId> previous_id;  ///< what comes before a text from before ("<|startofprev|>")
  bool token_times = false;            ///< when each token was said, too
  /// Bytes that so many shrink to. The reference's is zlib's, at its own level.
  std::function<std::size_t(std::span<const unsigned char>)> compressed_size;

  /// Throws ArgumentError for a value out of range, and for settings that need others.
  void expect_valid() const {
    if (start.empty()) throw ArgumentError("decoder_start_token_id: expected at least one id, found none");
    if (temperatures.empty()) throw ArgumentError("temperature: expected at least one, found none");
    for (const double temperature : temperatures)
      if (!(temperature >= 0)) fail("temperature", "0 or more", temperature);
    if (compression_ratio_threshold && !compressed_size)
      throw ArgumentError("compression_ratio_threshold: expected a compressor, found none");
    if (no_speech_threshold && !logprob_threshold)
      throw ArgumentError("no_speech_threshold: expected a logprob_threshold beside it, found none");
    if (no_speech_threshold && !(*no_speech_threshold >= 0 && *no_speech_threshold <= 1))
      fail("no_speech_threshold", "0 to 1", *no_speech_threshold);
    if (prompt_condition_type == PromptCondition::all_segments && !condition_on_prev_tokens)
      throw ArgumentError("prompt_condition_type: expected condition_on_prev_tokens with all-segments, found none");
  }

 private:
  [[noreturn]] static void fail(const char* key, const char* expected, double found) {
    throw ArgumentError(std::string(key) + ": expected " + expected + ", found " + std::to_string(found));
  }
};

/// A part of a recording and what was written of it.
struct LongFormSegment {
  double begin = 0;              ///< seconds
  double end = 0;                ///< seconds
  std::vector<TokenId> ids;      ///< with the times around them, without an end
  std::vector<double> times;     ///< seconds, of each id; empty unless asked for
  double temperature = 0;        ///< of the attempt
  double log_probability = 0;    ///< the attempt's mean of its tokens', an end included
  double no_speech = 0;          ///< the window's probability of silence; 0 unless asked for
  double compression_ratio = 0;  ///< the attempt's; 0 unless asked for
};

}  // namespace headformer
