#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/formats/json.hpp"

namespace headformer {

/// What a text is to a retrieval model; decides which of the checkpoint's prompts goes before it.
enum class TextRole { plain, query, document };

namespace detail {

/// The prompts of config_sentence_transformers.json.
struct Prompts {
  /// sentence-transformers has these two always, without a text unless the checkpoint has one.
  std::map<std::string, std::string> texts = {{"query", ""}, {"document", ""}};
  std::string usual;  ///< the name of a plain text's, or none

  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& [name, text] : texts) result.push_back(name);
    return result;
  }

  /// What goes before the caller's text: `own`, else the prompt `named`, else the role's. Throws ArgumentError for a
  /// name that there is not.
  std::string text_of(TextRole role, const std::optional<std::string>& named,
                      const std::optional<std::string>& own) const {
    if (own) return *own;
    std::string name = usual;
    if (role == TextRole::query) name = "query";
    if (role == TextRole::document) name = "document";
    if (named) name = *named;
    if (name.empty()) return {};
    const auto found = texts.find(name);
    if (found != texts.end()) return found->second;
    std::string known;
    for (const auto& [other, text] : texts) known += (known.empty() ? "" : ", ") + other;
    throw ArgumentError("prompt: expected one of " + known + ", found " + detail::quoted(name));
  }
};

HEADFORMER_COLD inline Prompts read_prompts(const JsonObject& config) {
  Prompts prompts;
  if (config.has("prompts")) {
    const JsonObject texts = config.object("prompts");
    for (const std::string& name : texts.keys()) prompts.texts[name] = texts.string_or(name, "");
  }
  prompts.usual = config.string_or("default_prompt_name", "");
  if (!prompts.usual.empty() && !prompts.texts.contains(prompts.usual))
    config.fail("default_prompt_name", "the name of one of the prompts");
  return prompts;
}

}  // namespace detail
}  // namespace headformer
