#pragma once

#include <limits>
#include <nlohmann/json.hpp>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/formats/json_file.hpp"
#include "headformer/models/speech/long_form_options.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

namespace detail {

HEADFORMER_COLD inline std::vector<TokenId> read_prompt_ids(const JsonObject& json, const std::string& key) {
  std::vector<TokenId> ids;
  for (const Index id : json.integers(key, 0, std::numeric_limits<TokenId>::max()))
    ids.push_back(static_cast<TokenId>(id));
  return ids;
}

HEADFORMER_COLD inline std::vector<std::pair<Index, Index>> read_alignment_heads(const JsonObject& json,
                                                                                 const std::string& key) {
  std::vector<std::pair<Index, Index>> heads;
  for (const std::vector<Index>& pair : json.integer_lists(key, 0, 1 << 20)) {
    if (pair.size() != 2) json.fail(key, "pairs [layer, head]");
    heads.emplace_back(pair[0], pair[1]);
  }
  return heads;
}

HEADFORMER_COLD inline PromptCondition read_prompt_condition(const JsonObject& json, const std::string& key) {
  const std::string name = json.string(key);
  if (name == "all-segments") return PromptCondition::all_segments;
  if (name != "first-segment") json.fail(key, "first-segment or all-segments");
  return PromptCondition::first_segment;
}

}  // namespace detail

HEADFORMER_COLD HEADFORMER_INLINE bool LongFormOptions::read(const JsonObject& json, const std::string& key) {
  if (key == "temperature")
    temperature = json.is_array(key) ? json.numbers(key, 0) : std::vector{json.number(key, 0)};
  else if (key == "compression_ratio_threshold")
    compression_ratio_threshold = json.number(key);
  else if (key == "logprob_threshold")
    logprob_threshold = json.number(key);
  else if (key == "no_speech_threshold")
    no_speech_threshold = json.number(key, 0, 1);
  else if (key == "condition_on_prev_tokens")
    condition_on_prev_tokens = json.boolean(key);
  else if (key == "prompt_ids")
    prompt_ids = detail::read_prompt_ids(json, key);
  else if (key == "prompt_condition_type")
    prompt_condition_type = detail::read_prompt_condition(json, key);
  else if (key == "prev_sot_token_id")
    prev_sot_token_id = static_cast<TokenId>(json.integer(key, 0, std::numeric_limits<TokenId>::max()));
  else if (key == "max_initial_timestamp_index")
    max_initial_timestamp_index = json.integer(key, 0, 1 << 20);
  else if (key == "alignment_heads")
    alignment_heads = detail::read_alignment_heads(json, key);
  else if (key == "return_token_timestamps")
    return_token_timestamps = json.boolean(key);
  else
    return false;
  return true;
}

HEADFORMER_COLD HEADFORMER_INLINE LongFormOptions LongFormOptions::from_checkpoint(const Checkpoint& checkpoint) {
  const JsonFile file(checkpoint.files(), "generation_config.json");
  LongFormOptions options;
  if (!file.found) return options;
  const JsonObject json = file.object();
  for (const std::string& key : json.keys())
    if (json.has(key) && key != "temperature" && key != "prompt_ids" && key != "return_token_timestamps")
      options.read(json, key);
  return options;
}

HEADFORMER_COLD HEADFORMER_INLINE LongFormOptions LongFormOptions::over(const LongFormOptions& base) const {
  LongFormOptions merged = *this;
  const auto fill = [](auto& value, const auto& fallback) {
    if (!value) value = fallback;
  };
  fill(merged.temperature, base.temperature);
  fill(merged.compression_ratio_threshold, base.compression_ratio_threshold);
  fill(merged.logprob_threshold, base.logprob_threshold);
  fill(merged.no_speech_threshold, base.no_speech_threshold);
  fill(merged.condition_on_prev_tokens, base.condition_on_prev_tokens);
  fill(merged.prompt_ids, base.prompt_ids);
  fill(merged.prompt_condition_type, base.prompt_condition_type);
  fill(merged.prev_sot_token_id, base.prev_sot_token_id);
  fill(merged.max_initial_timestamp_index, base.max_initial_timestamp_index);
  fill(merged.alignment_heads, base.alignment_heads);
  return merged;
}

HEADFORMER_COLD HEADFORMER_INLINE bool LongFormOptions::asks() const {
  return temperature || compression_ratio_threshold || logprob_threshold || no_speech_threshold ||
         condition_on_prev_tokens.value_or(false) || prompt_ids || return_token_timestamps;
}

}  // namespace headformer
