#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "headformer/preprocess/chat_template.hpp"
#include "headformer/text_generator.hpp"

namespace headformer {

/// A text generator that also answers conversations, through the checkpoint's chat template:
///
///     headformer::ChatGenerator generator("path/to/checkpoint");
///     const headformer::ChatMessage messages[] = {{"user", "Who are you?"}};
///     for (std::string_view piece : generator.chat(messages)) std::cout << piece << std::flush;
///
/// A header of its own, because the language that templates are written in is as much code as all the rest of text.
class ChatGenerator : public TextGenerator {
 public:
  /// A Hugging Face folder or a GGUF file. Throws what TextGenerator does, and FormatError for a template that cannot
  /// be read.
  explicit ChatGenerator(const std::filesystem::path& path, TextGeneratorOptions options = {});
  explicit ChatGenerator(const Checkpoint& checkpoint, TextGeneratorOptions options = {});

  /// The answer to a conversation. Throws ConfigError when the checkpoint has no chat template.
  TextStream chat(std::span<const ChatMessage> messages, const GenerationConfig& config = {}) const;

  bool has_chat_template() const { return chat_template_ != nullptr; }
  /// Throws ConfigError when the checkpoint has none.
  const ChatTemplate& chat_template() const;

 private:
  std::string name_;
  std::shared_ptr<const ChatTemplate> chat_template_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/chat_generator-inl.hpp"
#endif
