#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/formats/json_file.hpp"
#include "headformer/formats/messages.hpp"
#include "headformer/preprocess/tokenizer.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer::detail {

/// How a checkpoint is told languages: by a token of its own (mBART's "en_XX", NLLB's "eng_Latn", M2M-100's "__en__"),
/// by Marian's code before the text (">>fra<<"), or by a task of the config's ("translation_en_to_de"). A checkpoint of
/// one pair of languages needs nothing.
class Languages {
 public:
  Languages(const Tokenizer& tokenizer, const Checkpoint& checkpoint)
      : tokenizer_(&tokenizer),
        config_(checkpoint.is_gguf() ? JsonObject::none(checkpoint.name(), "") : checkpoint.config()),
        own_(checkpoint.files(), "tokenizer_config.json") {}

  /// What goes before each text, whatever the task.
  std::string prefix() const { return config_.string_or("prefix", ""); }

  /// A language's token; nothing where it has none.
  HEADFORMER_COLD std::optional<TokenId> token(const std::string& language) const {
    const std::optional<TokenId> named = tokenizer_->id_of(language);
    if (named && tokenizer_->is_special(*named)) return named;
    return tokenizer_->id_of("__" + language + "__");
  }
  /// Marian's code of a language, with or without its brackets.
  HEADFORMER_COLD std::optional<std::string> code(const std::string& language) const {
    for (const std::string& text : {language, ">>" + language + "<<"})
      if (is_code(text) && tokenizer_->id_of(text)) return text;
    return std::nullopt;
  }
  /// Whether it is the one source or target ("source_lang", "target_lang") of a checkpoint without codes for it.
  bool is_only(const char* side, const std::string& language) const {
    return own_.object().string_or(side, "") == language;
  }
  /// Whether the config has parameters for a task of this name.
  bool has_task(const std::string& name) const { return !name.empty() && tasks().has(name); }
  /// The first translation that the config has parameters for; empty where it has none.
  HEADFORMER_COLD std::string first_translation() const {
    for (const std::string& name : tasks().keys())
      if (name.starts_with("translation")) return name;
    return {};
  }
  /// A task's parameters.
  JsonObject task(const std::string& name) const { return tasks().object(name); }

  [[noreturn]] HEADFORMER_COLD void fail(const std::string& side, const std::string& language) const {
    std::string known;
    const auto name = [&](const std::string& text) { known += (known.empty() ? "" : ", ") + text; };
    for (TokenId id = 0; id < tokenizer_->size(); ++id) {
      const std::string text = tokenizer_->token_text(id);
      if (is_code(text)) name(text.substr(2, text.size() - 4));
      if (text.size() > 4 && text.starts_with("__") && text.ends_with("__")) name(text.substr(2, text.size() - 4));
      if (is_locale(text) && tokenizer_->is_special(id)) name(text);
    }
    for (const std::string& task : tasks().keys())
      if (task.starts_with("translation_")) name(task);
    if (const std::string only = own_.object().string_or((side + "_lang").c_str(), ""); !only.empty()) name(only);
    throw ArgumentError(side + " language: expected one that the checkpoint knows (" +
                        (known.empty() ? "it names none" : known) + "), found " + detail::quoted(language));
  }

 private:
  static bool is_code(std::string_view text) {
    return text.size() > 4 && text.starts_with(">>") && text.ends_with("<<");
  }
  /// "en_XX", "eng_Latn".
  static bool is_locale(std::string_view text) {
    const std::size_t line = text.find('_');
    const auto letters = [](std::string_view part, std::size_t least, std::size_t most) {
      return part.size() >= least && part.size() <= most &&
             std::all_of(part.begin(), part.end(), [](char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; });
    };
    return line != std::string_view::npos && letters(text.substr(0, line), 2, 3) &&
           letters(text.substr(line + 1), 2, 4);
  }
  JsonObject tasks() const {
    constexpr const char* key = "task_specific_params";
    return config_.has(key) ? config_.object(key) : JsonObject::none(config_.file(), key);
  }

  const Tokenizer* tokenizer_;
  JsonObject config_;
  JsonFile own_;  // tokenizer_config.json
};

}  // namespace headformer::detail
