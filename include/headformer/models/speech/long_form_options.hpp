#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "headformer/formats/json.hpp"
#include "headformer/generate/long_form_config.hpp"

namespace headformer {

class Checkpoint;

/// How a speech-to-text model goes through a recording, under the names of the reference's arguments of generate() and
/// of its generation_config.json. What is unset falls back to the checkpoint's file, then to the default named here.
struct LongFormOptions {
  std::optional<std::vector<double>> temperature;     ///< tried in this order, while a text looks wrong (0 alone)
  std::optional<double> compression_ratio_threshold;  ///< (none)
  std::optional<double> logprob_threshold;            ///< (none)
  std::optional<double> no_speech_threshold;          ///< (none)
  std::optional<bool> condition_on_prev_tokens;       ///< (false)
  std::optional<std::vector<TokenId>> prompt_ids;
  std::optional<PromptCondition> prompt_condition_type;  ///< (first-segment)
  std::optional<TokenId> prev_sot_token_id;
  std::optional<Index> max_initial_timestamp_index;                     ///< (any)
  std::optional<std::vector<std::pair<Index, Index>>> alignment_heads;  ///< layer and head, for times of tokens
  bool return_token_timestamps = false;

  /// Reads one key of a caller's. Throws ConfigError for a value of the wrong type; false for a key not known here.
  bool read(const JsonObject& json, const std::string& key);
  /// Of a checkpoint's generation_config.json; its temperature is another's, and no argument of the long form.
  static LongFormOptions from_checkpoint(const Checkpoint& checkpoint);
  /// This, with what it leaves unset taken from `base`.
  LongFormOptions over(const LongFormOptions& base) const;
  /// Whether a caller asks for anything that one pass over one window does not do.
  bool asks() const;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/models/speech/long_form_options-inl.hpp"
#endif
