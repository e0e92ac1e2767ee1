#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/outcome.hpp"
#include "headformer/pipelines/embedding/prompts.hpp"
#include "headformer/pipelines/embedding/vector_source.hpp"
#include "headformer/pipelines/options.hpp"

namespace headformer {

struct EmbedOptions {
  TextRole role = TextRole::plain;
  std::optional<std::string> prompt_name = {};  ///< one of Embedder::prompt_names(), over the role's
  std::optional<std::string> prompt = {};       ///< this text, over both
  Index dimensions = 0;  ///< keep the first so many (Matryoshka); 0: what the checkpoint says, or all
};

/// Texts to vectors, as sentence-transformers does it: an encoder, a pooling of its tokens, and the modules after it.
///
///     headformer::Embedder embedder("path/to/checkpoint");
///     float close = embedder.similarity("A cat sits outside", "A kitten is in the garden");
///
/// A folder without modules.json is an encoder whose tokens are averaged. Poolings of hidden states, SPLADE (a number
/// for each piece of the vocabulary), static embeddings and routers are read. One call at a time; copies share the
/// model.
class Embedder {
 public:
  /// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
  explicit Embedder(const std::filesystem::path& path, const PipelineOptions& options = {});

  /// Numbers of a vector.
  Index width() const;
  /// The most tokens of a text that count, special ones included; 0: no limit.
  Index max_length(TextRole role = TextRole::plain) const;
  /// Of config_sentence_transformers.json.
  std::vector<std::string> prompt_names() const;

  /// One vector a text, in their order; a text that fails stops no other. A vector's bits do not depend on the other
  /// texts. Throws ArgumentError for an unknown prompt, impossible dimensions, or a role where the model needs one,
  /// CancelledError.
  std::vector<Outcome<TextVector>> embed(std::span<const std::string_view> texts,
                                         const EmbedOptions& options = {}) const;
  /// The vector of one text. Throws ArgumentError when it has none.
  std::vector<float> embed(std::string_view text, const EmbedOptions& options = {}) const;

  /// How alike two vectors are by the checkpoint's own measure: cosine unless it says dot, euclidean or manhattan (the
  /// last two negative distances). Shapes: [width] each.
  float similarity(std::span<const float> a, std::span<const float> b) const;
  float similarity(std::string_view a, std::string_view b) const;

 private:
  struct Parts;
  std::shared_ptr<const Parts> parts_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/embedder-inl.hpp"
#endif
