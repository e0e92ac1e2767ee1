#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "headformer/chat_generator.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/generate/sampler.hpp"
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

HEADFORMER_INLINE Conversation::Conversation(const ChatGenerator& generator, GenerationConfig config,
                                             std::vector<ChatMessage> messages)
    : generator_(generator),
      template_(generator.chat_template()),
      config_(std::move(config)),
      session_(generator.new_session()),
      messages_(std::move(messages)) {}

HEADFORMER_INLINE TextStream& Conversation::say(std::string text) {
  std::vector<ChatMessage> next = messages();
  next.push_back({"user", std::move(text)});
  return answer_to(std::move(next));
}

HEADFORMER_INLINE TextStream& Conversation::answer_to(std::vector<ChatMessage> messages) {
  std::vector<TokenId> prompt = generator_.tokenizer().encode(template_.render(messages, true), false);
  GenerationConfig config = config_;
  if (config.seed) config.seed = nth_seed(*config.seed, answers_);
  TextStream stream = generator_.stream_ids(session_, std::move(prompt), config);
  ++answers_;
  messages_ = std::move(messages);
  return answer_.emplace(std::move(stream));
}

HEADFORMER_INLINE std::vector<ChatMessage> Conversation::messages() const {
  std::vector<ChatMessage> all = messages_;
  if (answer_) all.push_back({"assistant", answer_->text()});
  return all;
}

}  // namespace headformer
