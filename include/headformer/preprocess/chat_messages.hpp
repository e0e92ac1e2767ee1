#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/preprocess/jinja/string_methods.hpp"

/// What transformers' apply_chat_template does to the messages before the template sees them, and to the text after.
namespace headformer::detail {

/// The names a message's reasoning goes by; the first that is there counts.
inline constexpr std::array<const char*, 3> reasoning_fields = {"reasoning_content", "thinking", "reasoning"};
/// What marks the end of the message to be continued.
inline constexpr std::string_view continue_mark = "CONTINUE_FINAL_MESSAGE_TAG ";

/// Drops keys that are null, and gives reasoning under the names that templates read. Throws ArgumentError unless the
/// messages are a list, not empty, of objects.
HEADFORMER_COLD inline void normalise_messages(nlohmann::ordered_json& messages) {
  if (!messages.is_array() || messages.empty())
    throw ArgumentError("chat template: expected messages to be a list of at least one");
  for (auto& message : messages) {
    if (!message.is_object()) throw ArgumentError("chat template: expected every message to be an object");
    nlohmann::ordered_json reasoning;
    for (const char* name : reasoning_fields) {
      const auto at = message.find(name);
      if (at == message.end() || at->is_null()) continue;
      reasoning = *at;
      break;
    }
    nlohmann::ordered_json kept = nlohmann::ordered_json::object();
    if (!reasoning.is_null()) kept["thinking"] = reasoning;
    for (const auto& [key, value] : message.items())
      if (!value.is_null()) kept[key] = value;
    if (!reasoning.is_null()) kept["reasoning_content"] = reasoning;
    message = std::move(kept);
  }
}

/// Puts the mark behind the last message's `field` and returns the text before the mark. `source` is the template's: it
/// must mention the field. Throws ArgumentError when there is nothing to continue.
HEADFORMER_COLD inline std::string mark_final_message(nlohmann::ordered_json& messages, const std::string& field,
                                                      const std::string& source) {
  const auto fail = [](const std::string& message) -> std::string { throw ArgumentError("chat template: " + message); };
  if (!messages.is_array() || messages.empty()) return fail("continue_final_message needs a conversation");
  auto& last = messages.back();
  if (!last.contains(field)) return fail("the final message has no " + quoted(field, 60) + " to continue");
  const auto final_message = last[field];
  std::vector<std::string> fields = {field};
  for (const char* name : reasoning_fields) {
    if (field != name) continue;
    fields.clear();  // the template may read any of the copies
    for (const char* other : reasoning_fields)
      if (last.contains(other) && last[other] == final_message) fields.emplace_back(other);
    break;
  }
  bool mentioned = false;
  for (const std::string& name : fields) mentioned |= source.find(name) != std::string::npos;
  if (!mentioned) return fail("the template does not read the field " + quoted(field, 60) + " that is to be continued");
  if (final_message.is_string()) {
    const auto text = final_message.get<std::string>();
    for (const std::string& name : fields) last[name] = text + std::string(continue_mark);
    return text;
  }
  if (final_message.is_array()) {
    auto& parts = last[field];
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      if (!part->is_object() || !part->contains("text") || !(*part)["text"].is_string()) continue;
      const auto text = (*part)["text"].get<std::string>();
      (*part)["text"] = text + std::string(continue_mark);
      return text;
    }
  }
  return fail("the final message has no text to continue");
}

/// The prompt up to the mark.
HEADFORMER_COLD inline std::string cut_at_mark(std::string prompt, const std::string& final_text) {
  const std::string_view bare = jinja::stripped(continue_mark, nullptr, true, true);
  const std::size_t at = prompt.rfind(bare);
  if (at == std::string::npos || prompt.find(jinja::stripped(final_text, nullptr, true, true)) == std::string::npos)
    throw ArgumentError("chat template: the final message to continue does not appear in the rendered chat");
  const bool spaced = std::string_view(prompt).substr(at).starts_with(continue_mark);
  prompt.resize(at);
  if (spaced) return prompt;
  // The template trims the message, so what it would have trimmed goes too.
  return std::string(jinja::stripped(prompt, nullptr, false, true));
}

}  // namespace headformer::detail
