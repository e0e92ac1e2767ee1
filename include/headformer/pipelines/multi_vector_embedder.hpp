#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/outcome.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/pipelines/embedding/prompts.hpp"
#include "headformer/pipelines/embedding/token_vectors.hpp"
#include "headformer/pipelines/options.hpp"
#include "headformer/pipelines/scores.hpp"

namespace headformer {

struct TokenVectorOptions {
  TextRole role = TextRole::plain;              ///< decides prompt, length, expansion and which tokens count
  std::optional<std::string> prompt_name = {};  ///< one of MultiVectorEmbedder::prompt_names(), over the role's
  std::optional<std::string> prompt = {};       ///< this text, over both
};

/// Texts to a vector for each token, and documents by how well these answer a query's: late interaction (ColBERT,
/// Khattab and Zaharia 2020, https://arxiv.org/abs/2004.12832), as sentence-transformers' MultiVectorEncoder does it.
///
///     headformer::MultiVectorEmbedder embedder("path/to/checkpoint");
///     for (const auto& found : embedder.rank("a question", documents)) std::cout << found.index << '\n';
///
/// Folders of sentence-transformers 6, of PyLate and of Stanford's ColBERT are read. One call at a time; copies share
/// the model.
class MultiVectorEmbedder {
 public:
  /// Whether the folder holds such an embedder. Throws FormatError, ConfigError for files that are broken.
  static bool reads(const std::filesystem::path& path);

  /// PipelineOptions::max_length counts for what has no fixed length: not below that of expanded queries. Throws
  /// IoError, FormatError, ConfigError, WeightError, CancelledError.
  explicit MultiVectorEmbedder(const std::filesystem::path& path, const PipelineOptions& options = {});

  /// Numbers of a vector.
  Index width() const;
  /// The most tokens of a text that count, special ones included; 0: no limit.
  Index max_length(TextRole role = TextRole::plain) const;
  /// Of config_sentence_transformers.json.
  std::vector<std::string> prompt_names() const;

  /// The vectors of each text, in their order; a text that fails stops no other. A vector's bits do not depend on the
  /// other texts. Throws ArgumentError for an unknown prompt, CancelledError.
  std::vector<Outcome<TokenVectors>> embed(std::span<const std::string_view> texts,
                                           const TokenVectorOptions& options = {}) const;
  /// Those of one text. Throws ArgumentError when it has none. Shapes: -> [tokens, width].
  Tensor<float> embed(std::string_view text, const TokenVectorOptions& options = {}) const;

  /// How well a document answers a query: MaxSim, the sum over the query's vectors of the greatest product with one of
  /// the document's, or that sum divided by the query's vectors where the checkpoint says meanmaxsim; -1e9 (divided,
  /// too) for a document without vectors. Shapes: query [Q, width], document [N, width]. Throws ArgumentError for
  /// another width.
  float similarity(TensorView<const float> query, TensorView<const float> document) const;
  float similarity(std::string_view query, std::string_view document) const;

  /// All documents, the best first. Throws ArgumentError when the query or one of them is no text.
  std::vector<RankedDocument> rank(std::string_view query, std::span<const std::string_view> documents) const;

 private:
  struct Parts;
  std::shared_ptr<const Parts> parts_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/multi_vector_embedder-inl.hpp"
#endif
