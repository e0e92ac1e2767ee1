#pragma once

#include <optional>
#include <utility>

#include "headformer/chat_generator.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/preprocess/tokenizer.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

HEADFORMER_INLINE ChatGenerator::ChatGenerator(const std::filesystem::path& path, TextGeneratorOptions options)
    : ChatGenerator(Checkpoint::open(path), std::move(options)) {}
HEADFORMER_INLINE ChatGenerator::ChatGenerator(const Checkpoint& checkpoint, TextGeneratorOptions options)
    : TextGenerator(checkpoint, std::move(options)), name_(checkpoint.name()) {
  std::optional<ChatTemplate> found =
      checkpoint.is_gguf() ? ChatTemplate::from_gguf(checkpoint.gguf()) : ChatTemplate::from_files(checkpoint.files());
  if (found) chat_template_ = std::make_shared<const ChatTemplate>(std::move(*found));
}

HEADFORMER_INLINE TextStream ChatGenerator::chat(std::span<const ChatMessage> messages,
                                                 const GenerationConfig& config) const {
  return stream_ids(tokenizer().encode(chat_template().render(messages, true), false), config);
}

HEADFORMER_INLINE const ChatTemplate& ChatGenerator::chat_template() const {
  if (!chat_template_) throw ConfigError(name_ + ": expected a chat template, found none");
  return *chat_template_;
}

}  // namespace headformer
