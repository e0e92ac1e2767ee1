#pragma once

#include <array>
#include <ctime>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/formats/gguf.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/preprocess/chat_messages.hpp"
#include "headformer/preprocess/chat_template.hpp"
#include "headformer/preprocess/jinja/template.hpp"

namespace headformer {

namespace detail {

/// The tokens that every tokenizer has by name; the one after each is llama.cpp's name for it.
inline constexpr std::array<std::pair<const char*, const char*>, 7> named_special_tokens = {{
    {"bos_token", "bos"},
    {"eos_token", "eos"},
    {"unk_token", "unknown"},
    {"sep_token", "seperator"},  // so spelled
    {"pad_token", "padding"},
    {"cls_token", "cls"},
    {"mask_token", "mask"},
}};

inline bool is_named_special_token(std::string_view name) {
  for (const auto& token : named_special_tokens)
    if (token.first == name) return true;
  return false;
}

/// Bytes about to become JSON strings: those that are no UTF-8 become U+FFFD.
inline std::string valid_utf8(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = jinja::decode(text, at);
    jinja::append_utf8(result, c >= 0xdc80 && c <= 0xdcff ? 0xfffd : c);
  }
  return result;
}

}  // namespace detail

HEADFORMER_INLINE ChatTemplate::ChatTemplate(std::string source, const std::string& name)
    : special_tokens_(nlohmann::ordered_json::object()) {
  add("default", std::move(source), name);
  if (!templates_.front().parsed) throw FormatError(templates_.front().error);
}

HEADFORMER_INLINE std::string ChatTemplate::render(std::span<const ChatMessage> messages,
                                                   bool add_generation_prompt) const {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ChatMessage& message : messages) list.push_back({{"role", message.role}, {"content", message.content}});
  return render({{"messages", std::move(list)}, {"add_generation_prompt", add_generation_prompt}});
}

HEADFORMER_INLINE std::vector<std::string> ChatTemplate::names() const {
  std::vector<std::string> result;
  for (const Named& entry : templates_) result.push_back(entry.name);
  return result;
}

HEADFORMER_INLINE const std::string& ChatTemplate::source(bool with_tools) const { return choose(with_tools).source; }

HEADFORMER_INLINE ChatTemplate::ChatTemplate() : special_tokens_(nlohmann::ordered_json::object()) {}

HEADFORMER_INLINE void ChatTemplate::add(const std::string& name, std::string source, const std::string& shown) {
  Named entry{name, std::move(source), nullptr, ""};
  try {
    entry.parsed = std::make_shared<const jinja::Template>(entry.source, shown);
  } catch (const FormatError& error) {
    entry.error = error.what();
  }
  for (Named& other : templates_) {
    if (other.name == name) {
      other = std::move(entry);
      return;
    }
  }
  templates_.push_back(std::move(entry));
}

HEADFORMER_INLINE const ChatTemplate::Named* ChatTemplate::find(std::string_view name) const {
  for (const Named& entry : templates_)
    if (entry.name == name) return &entry;
  return nullptr;
}

HEADFORMER_INLINE const ChatTemplate::Named& ChatTemplate::choose(bool with_tools) const {
  if (templates_.size() == 1) return templates_.front();
  if (with_tools)
    if (const Named* found = find("tool_use")) return *found;
  if (const Named* found = find("default")) return *found;
  throw ArgumentError("chat template: expected the name of one of several templates, none of which is 'default'");
}

HEADFORMER_INLINE std::optional<ChatTemplate> ChatTemplate::checked(ChatTemplate result) {
  if (result.templates_.empty()) return std::nullopt;
  if (result.templates_.size() == 1 && !result.templates_.front().parsed)
    throw FormatError(result.templates_.front().error);
  return result;
}

HEADFORMER_INLINE void ChatTemplate::add_config(const Json& chat_template, const std::string& file) {
  const auto fail = [&] {
    throw FormatError(file + ": chat_template: expected a string or a list of {name, template}");
  };
  if (chat_template.is_string()) return add("default", chat_template.get<std::string>(), file + ": chat_template");
  if (!chat_template.is_array()) fail();
  for (const Json& entry : chat_template) {
    if (!entry.is_object() || !entry.contains("name") || !entry.contains("template") || !entry["name"].is_string() ||
        !entry["template"].is_string())
      fail();
    const auto name = entry["name"].get<std::string>();
    add(name, entry["template"].get<std::string>(), file + ": chat_template " + detail::quoted(name, 60));
  }
}

HEADFORMER_INLINE void ChatTemplate::add_special_tokens(const Json& config, bool named_only) {
  if (!config.is_object()) return;
  for (const auto& [key, value] : config.items()) {
    const bool named = detail::is_named_special_token(key);
    if (!named && (named_only || !std::string_view(key).ends_with("_token") || !value.is_string())) continue;
    if (value.is_string()) special_tokens_[key] = value.get<std::string>();
    if (named && value.is_object() && value.contains("content") && value["content"].is_string())
      special_tokens_[key] = value["content"].get<std::string>();
  }
}

HEADFORMER_INLINE std::optional<ChatTemplate> ChatTemplate::from_files(const FileReader& files) {
  ChatTemplate result;
  const auto read = [&](const std::string& name) -> std::optional<std::string> {
    const Bytes file = files(name);
    if (file.name().empty()) return std::nullopt;
    return detail::valid_utf8(file.text());
  };
  const auto add_file = [&](const std::string& path, const std::string& name) {
    if (auto source = read(path)) result.add(name, std::move(*source), path);
  };
  add_file("chat_template.jinja", "default");
  add_file("additional_chat_templates/tool_use.jinja", "tool_use");
  add_file("additional_chat_templates/rag.jinja", "rag");

  const std::string config_name = "tokenizer_config.json";
  Json config;
  if (const auto text = read(config_name)) config = parse_json(*text, config_name);
  if (result.templates_.empty() && config.is_object() && config.contains("chat_template") &&
      !config["chat_template"].is_null())
    result.add_config(config["chat_template"], config_name);
  if (result.templates_.empty()) {
    const std::string legacy_name = "chat_template.json";
    if (const auto text = read(legacy_name)) {
      const Json legacy = parse_json(*text, legacy_name);
      if (!legacy.is_object() || !legacy.contains("chat_template"))
        throw FormatError(legacy_name + ": expected the key 'chat_template'");
      result.add_config(legacy["chat_template"], legacy_name);
    }
  }
  if (result.templates_.empty()) return std::nullopt;

  result.add_special_tokens(config, false);
  if (!config.is_object() || !config.contains("added_tokens_decoder")) {
    const std::string map_name = "special_tokens_map.json";
    if (const auto text = read(map_name)) result.add_special_tokens(parse_json(*text, map_name), true);
  }
  return checked(std::move(result));
}

HEADFORMER_INLINE std::optional<ChatTemplate> ChatTemplate::from_gguf(const Gguf& gguf) {
  ChatTemplate result;
  const std::string key = "tokenizer.chat_template";
  const std::string file = gguf.file().name();
  const auto add_key = [&](const std::string& name, const std::string& path) {
    if (gguf.has(path)) result.add(name, detail::valid_utf8(gguf.string(path)), file + ": " + path);
  };
  add_key("default", key);
  for (const std::string_view other : gguf.keys())
    if (other.starts_with(key + ".")) add_key(std::string(other.substr(key.size() + 1)), std::string(other));
  if (result.templates_.empty()) return std::nullopt;

  const std::string tokens = "tokenizer.ggml.tokens";
  if (gguf.has(tokens)) {
    const auto texts = gguf.array(tokens);
    const auto count = static_cast<Index>(texts.size());
    for (const auto& [name, short_name] : detail::named_special_tokens) {
      const Index id = gguf.integer_or(std::string("tokenizer.ggml.") + short_name + "_token_id", -1);
      if (id >= 0 && id < count)
        result.special_tokens_[name] = detail::valid_utf8(texts.string(static_cast<std::size_t>(id)));
    }
  }
  return checked(std::move(result));
}

HEADFORMER_INLINE std::string ChatTemplate::render(const nlohmann::ordered_json& variables,
                                                   const RenderOptions& options) const {
  if (!variables.is_object()) throw ArgumentError("chat template: expected an object of variables");
  const std::function<std::tm()> now = options.now ? options.now : jinja::Template::local_time;
  nlohmann::ordered_json all = {{"tools", nullptr}, {"documents", nullptr}, {"add_generation_prompt", false}};
  for (const auto& [key, value] : special_tokens_.items()) all[key] = value;
  for (const auto& [key, value] : variables.items())
    if (key != "chat_template" && key != "continue_final_message") all[key] = value;

  const auto given = [&](const char* key) {
    const auto at = variables.find(key);
    return at == variables.end() || at->is_null() ? nullptr : &*at;
  };
  const nlohmann::ordered_json* wanted = given("chat_template");
  const Named* chosen = nullptr;
  Named own;
  if (wanted == nullptr) {
    chosen = &choose(given("tools") != nullptr);
  } else if (!wanted->is_string()) {
    throw ArgumentError("chat template: expected a name or a source as chat_template");
  } else if (chosen = find(wanted->get_ref<const std::string&>()); chosen == nullptr || templates_.size() == 1) {
    own.source = wanted->get<std::string>();
    own.parsed = std::make_shared<const jinja::Template>(own.source, "chat_template");
    chosen = &own;
  }
  if (!chosen->parsed) throw FormatError(chosen->error);

  if (given("messages") != nullptr) detail::normalise_messages(all["messages"]);
  const nlohmann::ordered_json* continued = given("continue_final_message");
  if (continued == nullptr || (continued->is_boolean() && !continued->get<bool>()))
    return chosen->parsed->render(all, options.limits, now);
  if (all["add_generation_prompt"] == true)
    throw ArgumentError("chat template: continue_final_message and add_generation_prompt exclude each other");
  const std::string field = continued->is_string() ? continued->get<std::string>() : "content";
  const std::string final_text = detail::mark_final_message(all["messages"], field, chosen->source);
  return detail::cut_at_mark(chosen->parsed->render(all, options.limits, now), final_text);
}

}  // namespace headformer
