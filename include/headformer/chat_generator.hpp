#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

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

/// A conversation through the checkpoint's chat template. Each turn computes only what is new in it: its session goes
/// back to where the rendered conversation first differs from what it holds, and goes on from there. The answers are
/// the same as those of ChatGenerator::chat; one seed gives each of them draws of its own. Outlived by its generator.
class Conversation {
 public:
  /// Begins with `messages`, if any: a system prompt, a conversation so far. Throws ConfigError without a template.
  explicit Conversation(const ChatGenerator& generator, GenerationConfig config = {},
                        std::vector<ChatMessage> messages = {});

  /// Adds a turn of the user and returns the answer's stream, which lives until the next turn; as much of it as has
  /// been drawn by then is the assistant's turn. Throws what the template raises; then nothing has changed.
  TextStream& say(std::string text);
  /// Puts other messages in place of all so far and returns the answer to them.
  TextStream& answer_to(std::vector<ChatMessage> messages);

  /// All turns, the answer as far as it has been drawn included.
  std::vector<ChatMessage> messages() const;

 private:
  const ChatGenerator& generator_;
  const ChatTemplate& template_;
  GenerationConfig config_;
  std::shared_ptr<Session> session_;
  std::vector<ChatMessage> messages_;
  std::uint64_t answers_ = 0;
  std::optional<TextStream> answer_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/chat_generator-inl.hpp"
#endif
