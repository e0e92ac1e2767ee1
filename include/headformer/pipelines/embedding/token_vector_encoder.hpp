#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/formats/json_file.hpp"
#include "headformer/pipelines/embedding/multi_vector_config.hpp"
#include "headformer/pipelines/embedding/token_vectors.hpp"
#include "headformer/pipelines/embedding/vector_modules.hpp"
#include "headformer/pipelines/encoder_pipeline.hpp"
#include "headformer/pipelines/machinery.hpp"
#include "headformer/pipelines/token_limit.hpp"

namespace headformer::detail {

/// The tokenizer to which the tokens that markers begin with ("[Q] " whole, or its "[Q]") are one token each.
HEADFORMER_COLD inline Tokenizer with_markers(Tokenizer tokenizer, const std::vector<std::string>& markers) {
  constexpr const char* spaces = " \t\n\v\f\r";
  for (const std::string& marker : markers) {
    const std::size_t begin = marker.find_first_not_of(spaces);
    if (begin == std::string::npos) continue;
    for (const std::string& token : {marker, marker.substr(begin, marker.find_first_of(spaces, begin) - begin)}) {
      if (!tokenizer.id_of(token)) continue;
      tokenizer = tokenizer.with_special_token(token);
      break;
    }
  }
  return tokenizer;
}

/// Stanford's projection of each token, beside the encoder's weights.
HEADFORMER_COLD inline VectorDense read_stanford_projection(const Checkpoint& checkpoint, Index inputs,
                                                            const LoadOptions& options, Executor& executor) {
  const NameTable names{vector_module_rows, {}};
  const Weights weights(checkpoint, names, options, executor);
  const TensorEntry* entry = checkpoint.find("linear.weight");
  const Index outputs = entry != nullptr && entry->shape.rank() == 2 ? entry->shape[0] : 1;  // refused below
  return {Linear({inputs, {{"linear", outputs}}, false}, weights), kernels::Activation::identity, false, std::nullopt};
}

/// The token that fills queries up.
HEADFORMER_COLD inline TokenId expansion_token(const QueryExpansion& expansion, const Tokenizer& tokenizer,
                                               const std::string& name) {
  const std::optional<TokenId> id = expansion.token    ? tokenizer.id_of(*expansion.token)
                                    : tokenizer.mask() ? tokenizer.mask()
                                                       : tokenizer.eos();
  if (!id)
    throw ConfigError(
        name + ": query_expansion.token: expected one of the vocabulary, found " +
        (expansion.token ? detail::quoted(*expansion.token) : "none, and neither a mask_token nor an eos_token"));
  return *id;
}

/// Texts to a vector for each token that counts: an encoder, modules over the tokens' hidden states, and what says
/// which tokens these are.
class TokenVectorEncoder {
 public:
  /// The workspace must outlive it.
  HEADFORMER_COLD TokenVectorEncoder(const MultiVectorConfig& config, const PipelineOptions& options,
                                     Workspace& workspace)
      : workspace_(workspace),
        pipeline_(open(config, options, workspace)),
        expansion_(config.lengths.expansion),
        modules_(pipeline_.encoder().config().width) {
    LoadOptions load = pipeline_loading(options, *workspace.executor);
    load.packed_cache.clear();  // that file is the encoder's
    if (config.projects)
      modules_.add(read_stanford_projection(pipeline_.checkpoint(), width(), load, *workspace.executor));
    for (const SentenceModule& module : config.modules) {
      auto read =
          read_vector_module(module.type, "token_embeddings", width(), module.folder, load, *workspace.executor);
      if (read) modules_.add(std::move(*read));
    }
    if (config.normalises) modules_.add(UnitLength{width()});
    for (const ScoringMaskConfig& mask : config.masks) masks_.emplace_back(mask, pipeline_.tokenizer());
    set_lengths(config.lengths, options.max_length);
  }

  Index width() const { return modules_.width(); }
  /// The most tokens of a text that count, special ones included; 0: no limit.
  Index max_length(TextRole role) const {
    return role == TextRole::query ? most_of_query_ : role == TextRole::document ? most_of_document_ : most_;
  }

  /// The vectors of each text, `prompt` before it; one that fails stops no other.
  std::vector<Outcome<TokenVectors>> vectors(std::span<const std::string_view> texts, const std::string& prompt,
                                             TextRole role) const {
    std::vector<std::string> whole;
    std::vector<TextPair> pairs;
    for (const std::string_view text : texts) whole.push_back(prompt + std::string(text));
    for (const std::string& text : whole) pairs.push_back({text, {}});
    const std::vector<Outcome<Encoding>> tokens = tokens_of(pairs, role);
    return pipeline_.answer_each_hidden<TokenVectors>(tokens, [&](std::size_t i,
                                                                  std::span<const TensorView<const float>> hidden) {
      const Encoding& encoding = tokens[i].value();
      return TokenVectors{modules_(workspace_, rows_that_count(encoding, hidden.front(), role)), encoding.truncated};
    });
  }

 private:
  HEADFORMER_COLD static EncoderPipeline open(const MultiVectorConfig& config, PipelineOptions options,
                                              const Workspace& workspace) {
    options.executor = workspace.executor;
    const Checkpoint checkpoint = Checkpoint::open(config.encoder);
    return {checkpoint, options, EncoderPipeline::Heads::base,
            with_markers(pipeline_tokenizer(checkpoint), config.markers)};
  }

  HEADFORMER_COLD void set_lengths(const RetrievalLengths& lengths, Index own) {
    const Checkpoint& checkpoint = pipeline_.checkpoint();
    const Index positions = usable_positions(pipeline_.encoder().config());
    const auto most = [&](Index asked) {
      return asked > 0 ? stricter_limit(asked, positions) : token_limit(checkpoint, positions);
    };
    most_ = pipeline_.max_length();
    most_of_document_ = stricter_limit(most(lengths.document), own);
    most_of_query_ = stricter_limit(most(lengths.query), own);
    if (!expansion_) return;
    const Index length = expansion_->length;
    if (positions > 0 && length > positions)
      throw ConfigError(pipeline_.name() + ": query_expansion.length: expected at most the " +
                        std::to_string(positions) + " positions of the encoder, found " + std::to_string(length));
    most_of_query_ =
        expansion_->cuts ? length : stricter_limit(most(lengths.query), own > 0 ? std::max(own, length) : 0);
    expansion_token_ = expansion_token(*expansion_, pipeline_.tokenizer(), pipeline_.name());
    const JsonFile tokenizer(checkpoint.files(), "tokenizer_config.json");
    if (tokenizer.object().string_or("padding_side", "right") != "right")
      tokenizer.object().fail("padding_side", "right, where queries are expanded");
    if (!expansion_->attended && pipeline_.encoder().config().layers.front().attention.disentangled.span > 0)
      throw ConfigError(pipeline_.name() + ": query_expansion.attend: expected true for disentangled attention, in " +
                        "which a token that nobody sees sees nothing either, found false");
  }

  std::vector<Outcome<Encoding>> tokens_of(std::span<const TextPair> texts, TextRole role) const {
    EncodeOptions options;
    if (const Index most = max_length(role); most > 0)
      options.truncation = Truncation{.max_length = most, .keep_overflowing = false};
    if (!expansion_ || role != TextRole::query) return pipeline_.tokens(texts, options);
    // Filling up is what padding does, and what is not attended is what padding's mask says.
    options.padding = Padding{.length = expansion_->length, .id = expansion_token_};
    std::vector<Outcome<Encoding>> tokens = pipeline_.tokens(texts, options);
    for (Outcome<Encoding>& outcome : tokens) {
      if (!expansion_->attended || !outcome) continue;
      Encoding encoding = std::move(outcome).value();
      std::fill(encoding.attention_mask.begin(), encoding.attention_mask.end(), std::uint8_t{1});
      outcome = std::move(encoding);
    }
    return tokens;
  }

  /// Shapes: hidden [T, D] -> [tokens that count, D].
  Tensor<float> rows_that_count(const Encoding& tokens, TensorView<const float> hidden, TextRole role) const {
    std::vector<Index> rows;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      // Tokens that fill up count by the masks' word only.
      const bool here = tokens.attention_mask[i] != 0 || !masks_.empty();
      const auto counts = [&](const ScoringMask& mask) { return mask.counts(tokens.ids[i], role); };
      if (here && std::all_of(masks_.begin(), masks_.end(), counts)) rows.push_back(static_cast<Index>(i));
    }
    Tensor<float> result(Shape{static_cast<Index>(rows.size()), hidden.columns()});
    for (std::size_t i = 0; i < rows.size(); ++i)
      std::copy_n(hidden.row(rows[i]), hidden.columns(), result.view().row(static_cast<Index>(i)));
    return result;
  }

  Workspace& workspace_;
  EncoderPipeline pipeline_;
  std::optional<QueryExpansion> expansion_;
  TokenId expansion_token_ = 0;
  VectorModules modules_;
  std::vector<ScoringMask> masks_;
  Index most_ = 0, most_of_query_ = 0, most_of_document_ = 0;  // tokens; 0: no limit
};

}  // namespace headformer::detail
