#pragma once

#include <ctime>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/mapped_file.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/preprocess/jinja/budget.hpp"

namespace headformer {

class Gguf;
namespace jinja {
class Template;
}

/// One turn of a plain conversation.
struct ChatMessage {
  std::string role;
  std::string content;
};

struct RenderOptions {
  /// What a rendering may cost; for both, the size of the variables is added on top, several times over.
  jinja::Limits limits;
  /// The time that strftime_now shows; none: the local time.
  std::function<std::tm()> now;
};

/// The template that turns a conversation into a model's prompt, as checkpoints publish it. Renders what
/// apply_chat_template(..., tokenize=False) of transformers 5.23 does. Immutable and shareable between threads.
class ChatTemplate {
 public:
  /// Parses Jinja source; `name` stands for it in messages. Throws FormatError with line and column.
  explicit ChatTemplate(std::string source, const std::string& name = "chat_template");

  /// From a checkpoint's files: chat_template.jinja and additional_chat_templates/{tool_use,rag}.jinja, else
  /// tokenizer_config.json's chat_template (a string or a named list), else chat_template.json. Takes the special
  /// tokens from tokenizer_config.json, or special_tokens_map.json where the config lists no added tokens. Empty when
  /// there is no template. Throws FormatError when a file is malformed or the only template does not parse.
  static std::optional<ChatTemplate> from_files(const FileReader& files);

  /// From a GGUF's tokenizer.chat_template and tokenizer.chat_template.NAME, and its special tokens. Empty when there
  /// is none. Throws FormatError.
  static std::optional<ChatTemplate> from_gguf(const Gguf& gguf);

  /// The prompt. `variables` is an object: messages (objects with role, content, and whatever the template reads:
  /// tool_calls, reasoning_content, content parts), and optionally tools, documents, add_generation_prompt (false),
  /// continue_final_message (true, or the field to continue), chat_template (the name of one of several, or Jinja
  /// source of the caller's own), and any other variable of the template. Special tokens (bos_token, ...) are there by
  /// default; the caller's variables win.
  ///
  /// Throws TemplateRaised when the template refuses the conversation, TemplateError when it fails, ArgumentError when
  /// the variables are of the wrong shape.
  std::string render(const nlohmann::ordered_json& variables, const RenderOptions& options = {}) const;

  std::string render(std::span<const ChatMessage> messages, bool add_generation_prompt) const;

  /// The names of the templates; "default" for a single one.
  std::vector<std::string> names() const;
  /// The Jinja source that is used for a conversation with or without tools.
  const std::string& source(bool with_tools = false) const;
  /// bos_token, eos_token, ... by name.
  const nlohmann::ordered_json& special_tokens() const { return special_tokens_; }

 private:
  struct Named {
    std::string name;
    std::string source;
    std::shared_ptr<const jinja::Template> parsed;
    std::string error;  // why it is not parsed: told when it is used, as others may be fine
  };

  ChatTemplate();

  void add(const std::string& name, std::string source, const std::string& shown);
  const Named* find(std::string_view name) const;
  /// As transformers chooses: a single template always, among several "tool_use" for tools if there is one.
  const Named& choose(bool with_tools) const;
  void add_config(const Json& chat_template, const std::string& file);
  void add_special_tokens(const Json& config, bool named_only);
  static std::optional<ChatTemplate> checked(ChatTemplate result);

  std::vector<Named> templates_;
  nlohmann::ordered_json special_tokens_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/preprocess/chat_template-inl.hpp"
#endif
