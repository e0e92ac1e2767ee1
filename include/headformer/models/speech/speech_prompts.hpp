#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "headformer/core/token_id.hpp"
#include "headformer/formats/json.hpp"

namespace headformer {

class Checkpoint;

/// What a decoder of speech is told before it writes: the language, the task, whether to write times (Radford et al.
/// 2022, https://arxiv.org/abs/2212.04356), under the names of the reference's generation_config.json. Models that know
/// none of this are told nothing.
struct SpeechPrompts {
  std::map<std::string, TokenId> languages;  ///< lang_to_id: "<|en|>", ...
  std::map<std::string, TokenId> tasks;      ///< task_to_id: "transcribe", "translate"
  std::optional<TokenId> no_timestamps_token_id;
  std::vector<std::optional<TokenId>> forced;  ///< forced_decoder_ids, after the start; none: to be found
  std::optional<std::string> language;         ///< its code, its English name, or its token
  std::optional<std::string> task;
  std::optional<bool> return_timestamps;

  /// Reads one key. Throws ConfigError for a value of the wrong type; false for a key not known here.
  bool read(const JsonObject& json, const std::string& key);
  /// Of a checkpoint's generation_config.json, or where there is none of its config.json.
  static SpeechPrompts from_checkpoint(const Checkpoint& checkpoint);
  /// This, with what it leaves unset taken from `base`.
  SpeechPrompts over(const SpeechPrompts& base) const;

  /// Whether the sound itself has to say which language it is in.
  bool finds_language() const { return !language && !languages.empty() && (forced_ids().empty() || !forced.front()); }
  /// The language's id. Throws ArgumentError for one that the model does not know, with those that it does.
  TokenId language_id(const std::string& name) const;
  /// What the decoder's ids begin with. `found`: the language of the sound, where finds_language(). Throws
  /// ArgumentError for a language or a task that the model does not know.
  std::vector<TokenId> ids(TokenId start, std::optional<TokenId> found = {}) const;

 private:
  /// Old files' own, which newer keys go before.
  std::vector<std::optional<TokenId>> forced_ids() const {
    return language || task ? std::vector<std::optional<TokenId>>() : forced;
  }
  TokenId task_id(const std::string& name) const;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/models/speech/speech_prompts-inl.hpp"
#endif
