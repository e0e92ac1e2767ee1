#pragma once

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/formats/json_file.hpp"
#include "headformer/models/speech/languages.hpp"
#include "headformer/models/speech/speech_prompts.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

namespace detail {

HEADFORMER_COLD inline TokenId speech_id(const JsonObject& json, const std::string& key) {
  return static_cast<TokenId>(json.integer(key, 0, std::numeric_limits<TokenId>::max()));
}
HEADFORMER_COLD inline std::map<std::string, TokenId> read_speech_ids(const JsonObject& json) {
  std::map<std::string, TokenId> result;
  for (const std::string& key : json.keys()) result.emplace(key, speech_id(json, key));
  return result;
}
/// Pairs of a place and an id, from place 1 on without a gap; null for an id.
HEADFORMER_COLD inline std::vector<std::optional<TokenId>> read_forced_ids(const JsonObject& json,
                                                                           const std::string& key) {
  std::vector<std::optional<TokenId>> result;
  const Json& list = *json.find(key);
  const auto fail = [&] { json.fail(key, "pairs [place, id] of the places 1, 2, ..."); };
  if (!list.is_array()) fail();
  for (const Json& pair : list) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number_integer() ||
        pair[0].get<std::size_t>() != result.size() + 1 || !(pair[1].is_null() || pair[1].is_number_unsigned()))
      fail();
    result.push_back(pair[1].is_null() ? std::optional<TokenId>() : pair[1].get<TokenId>());
  }
  return result;
}

/// "a, b, c" of what a table knows, as `shown` writes each.
template <class Show>
HEADFORMER_COLD std::string known_names(const std::map<std::string, TokenId>& table, const Show& shown) {
  std::string known;
  for (const auto& [name, id] : table) known += (known.empty() ? "" : ", ") + shown(name);
  return known.empty() ? "none of this model" : "one of " + known;
}

}  // namespace detail

HEADFORMER_COLD HEADFORMER_INLINE bool SpeechPrompts::read(const JsonObject& json, const std::string& key) {
  if (key == "lang_to_id")
    languages = detail::read_speech_ids(json.object(key));
  else if (key == "task_to_id")
    tasks = detail::read_speech_ids(json.object(key));
  else if (key == "no_timestamps_token_id")
    no_timestamps_token_id = detail::speech_id(json, key);
  else if (key == "forced_decoder_ids")
    forced = detail::read_forced_ids(json, key);
  else if (key == "language")
    language = json.string(key);
  else if (key == "task")
    task = json.string(key);
  else if (key == "return_timestamps")
    return_timestamps = json.boolean(key);
  else
    return false;
  return true;
}

HEADFORMER_COLD HEADFORMER_INLINE SpeechPrompts SpeechPrompts::from_checkpoint(const Checkpoint& checkpoint) {
  const JsonFile file(checkpoint.files(), "generation_config.json");
  const JsonObject json = file.found ? file.object() : checkpoint.config();
  SpeechPrompts prompts;
  for (const std::string& key : json.keys())
    if (json.has(key)) prompts.read(json, key);
  return prompts;
}

HEADFORMER_COLD HEADFORMER_INLINE SpeechPrompts SpeechPrompts::over(const SpeechPrompts& base) const {
  SpeechPrompts merged = *this;
  if (merged.languages.empty()) merged.languages = base.languages;
  if (merged.tasks.empty()) merged.tasks = base.tasks;
  if (!merged.no_timestamps_token_id) merged.no_timestamps_token_id = base.no_timestamps_token_id;
  if (merged.forced.empty()) merged.forced = base.forced;
  if (!merged.language) merged.language = base.language;
  if (!merged.task) merged.task = base.task;
  if (!merged.return_timestamps) merged.return_timestamps = base.return_timestamps;
  return merged;
}

HEADFORMER_COLD HEADFORMER_INLINE TokenId SpeechPrompts::language_id(const std::string& name) const {
  const auto found = languages.find(language_token(name));
  if (found != languages.end()) return found->second;
  throw ArgumentError("language: expected " + detail::known_names(languages, language_code) + ", found " +
                      detail::quoted(name));
}

HEADFORMER_COLD HEADFORMER_INLINE TokenId SpeechPrompts::task_id(const std::string& name) const {
  const auto found = tasks.find(name);
  if (found != tasks.end()) return found->second;
  throw ArgumentError("task: expected " + detail::known_names(tasks, [](const std::string& known) { return known; }) +
                      ", found " + detail::quoted(name));
}

HEADFORMER_COLD HEADFORMER_INLINE std::vector<TokenId> SpeechPrompts::ids(TokenId start,
                                                                          std::optional<TokenId> found) const {
  std::vector<std::optional<TokenId>> result = forced_ids();
  const std::optional<TokenId> spoken = language ? language_id(*language) : found;
  if (spoken && result.empty()) result.push_back(spoken);
  if (spoken) result.front() = spoken;
  if (task) {
    result.push_back(task_id(*task));
  } else if (language && !tasks.empty()) {
    const bool told = std::any_of(tasks.begin(), tasks.end(), [&](const auto& known) {
      return std::find(result.begin(), result.end(), known.second) != result.end();
    });
    if (!told) result.push_back(task_id("transcribe"));
  }
  const bool silent = no_timestamps_token_id && !result.empty() && result.back() == no_timestamps_token_id;
  if (!return_timestamps.value_or(false) && no_timestamps_token_id && !silent) result.push_back(no_timestamps_token_id);
  if (return_timestamps.value_or(false) && silent) result.pop_back();
  std::vector<TokenId> ids{start};
  for (const std::optional<TokenId>& id : result)
    if (id) ids.push_back(*id);
  return ids;
}

}  // namespace headformer
