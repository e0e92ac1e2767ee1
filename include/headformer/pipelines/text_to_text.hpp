#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/outcome.hpp"
#include "headformer/generate/generation_config.hpp"
#include "headformer/pipelines/options.hpp"

namespace headformer {

/// What an encoder-decoder does with texts, as its checkpoint knows it.
struct TextToTextTask {
  /// Of the config's task_specific_params: "summarization", "translation_en_to_de"; "translation": the first
  /// translation there. A task that is not there adds nothing.
  std::string name;
  std::string source_language;  ///< "en", "en_XX", "eng_Latn", as the model spells it; empty: the tokenizer's own
  std::string target_language;  ///< empty: what the checkpoint says
};

struct RewrittenText {
  std::string text;
  bool truncated = false;  ///< the text was longer than the model's maximum, and its end does not count
};

/// Texts to texts, by an encoder-decoder: translations, summaries.
///
///     headformer::TextToText translator("path/to/checkpoint", {"", "eng_Latn", "deu_Latn"});
///     std::cout << translator.rewrite("The house is small.").text << '\n';
///
/// A task brings the prefix and the lengths that the checkpoint's task_specific_params name for it. Languages are
/// tokens where the tokenizer has such (mBART, M2M-100, NLLB) and codes before the text where the vocabulary has them
/// (Marian's ">>fra<<", here "fra"); elsewhere they name the task "translation_SOURCE_to_TARGET" (T5). As the
/// checkpoint's generation_config.json says, with beams where it has them. One call at a time; copies share the model.
class TextToText {
 public:
  /// Throws IoError, FormatError, ConfigError for a model that is no encoder-decoder, WeightError, CancelledError;
  /// ArgumentError for a language that the checkpoint does not know.
  explicit TextToText(const std::filesystem::path& path, TextToTextTask task = {}, const PipelineOptions& options = {});

  /// The most tokens of a text that count, special ones and the task's prefix included; 0: no limit.
  Index max_length() const;
  /// What the checkpoint, the task and the target language say about generating.
  const GenerationConfig& defaults() const;

  /// In the texts' order; one that fails stops no other. `config` is laid over defaults(). Throws CancelledError.
  std::vector<Outcome<RewrittenText>> rewrite(std::span<const std::string_view> texts,
                                              const GenerationConfig& config = {}) const;
  /// Throws ArgumentError when the text fails.
  RewrittenText rewrite(std::string_view text, const GenerationConfig& config = {}) const;

 private:
  struct Parts;
  std::shared_ptr<const Parts> parts_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/text_to_text-inl.hpp"
#endif
