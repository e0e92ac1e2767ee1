#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/pipelines/embedder.hpp"
#include "headformer/pipelines/embedding/sentence_config.hpp"
#include "headformer/pipelines/embedding/similarity.hpp"
#include "headformer/pipelines/embedding/token_pooling.hpp"
#include "headformer/pipelines/embedding/vector_modules.hpp"
#include "headformer/pipelines/encoder_pipeline.hpp"
#include "headformer/pipelines/machinery.hpp"

namespace headformer {

struct Embedder::Parts {
  detail::SentenceConfig config;
  EncoderPipeline pipeline;
  TokenPoolingConfig pooling;
  std::vector<VectorModule> modules;
  Index width = 0;

  HEADFORMER_COLD Parts(const std::filesystem::path& folder, const PipelineOptions& options)
      : Parts(detail::read_sentence_config(folder, Checkpoint::folder_reader(folder)), options) {}

  HEADFORMER_COLD Parts(detail::SentenceConfig sentence, const PipelineOptions& options)
      : config(std::move(sentence)), pipeline(Checkpoint::open(folder_of(config, 0, "Transformer")), options) {
    const std::filesystem::path at = folder_of(config, 1, "Pooling");
    if (!at.empty())
      pooling = detail::read_token_pooling(JsonFile(Checkpoint::folder_reader(at), "config.json").object());
    width = static_cast<Index>(pooling.modes.size()) * pipeline.encoder().config().width;
    const LoadOptions load = detail::pipeline_loading(options, pipeline.compute().executor);
    for (std::size_t i = 2; i < config.modules.size(); ++i) {
      auto module = detail::read_vector_module(config.modules[i].type, width, config.modules[i].folder, load,
                                               pipeline.compute().executor);
      if (!module) continue;
      width = std::visit([](const auto& m) { return m.width(); }, *module);
      modules.push_back(std::move(*module));
    }
  }

  HEADFORMER_COLD static const std::filesystem::path& folder_of(const detail::SentenceConfig& config, std::size_t index,
                                                                const char* type) {
    if (config.modules.size() <= index || config.modules[index].type != type)
      throw ConfigError("modules.json: [" + std::to_string(index) + "].type: expected " + type + ", found " +
                        (config.modules.size() <= index ? "none" : detail::quoted(config.modules[index].type)));
    return config.modules[index].folder;
  }

  /// The text that goes before each of the caller's.
  std::string prompt(const EmbedOptions& options) const {
    if (options.prompt) return *options.prompt;
    std::string name = config.default_prompt;
    if (options.role == TextRole::query) name = "query";
    if (options.role == TextRole::document) name = "document";
    if (options.prompt_name) name = *options.prompt_name;
    if (name.empty()) return {};
    const auto found = config.prompts.find(name);
    if (found != config.prompts.end()) return found->second;
    std::string known;
    for (const auto& [other, text] : config.prompts) known += (known.empty() ? "" : ", ") + other;
    throw ArgumentError("prompt: expected one of " + known + ", found " + detail::quoted(name));
  }

  /// The tokens of a prompt that pooling leaves out: without a special token at its end.
  Index prompt_length(const std::string& prompt) const {
    if (pooling.include_prompt || prompt.empty()) return 0;
    const std::vector<TokenId> ids = pipeline.tokenizer().encode(prompt);
    const bool ends = !ids.empty() && pipeline.tokenizer().is_special(ids.back());
    return static_cast<Index>(ids.size()) - (ends ? 1 : 0);
  }

  /// The tokens' rows pooled and through the modules after that, its first `kept` numbers. Shapes: rows [T, D].
  std::vector<float> vector_of(TensorView<const float> rows, Index first, Index kept) const {
    Tensor<float> x(Shape{1, static_cast<Index>(pooling.modes.size()) * rows.columns()});
    for (std::size_t i = 0; i < pooling.modes.size(); ++i)
      pool_tokens(pooling.modes[i], rows, first, x.data() + static_cast<Index>(i) * rows.columns());
    Scratch scratch;
    Scratch tables;
    const Batch none;
    Context context(pipeline.compute(), scratch, tables, none);
    for (const VectorModule& module : modules) {
      std::visit(
          [&](const auto& m) {
            Tensor<float> y(Shape{1, m.width()});
            m(context, x.view(), y.view());
            x = std::move(y);
          },
          module);
    }
    return {x.data(), x.data() + kept};
  }
};

HEADFORMER_INLINE Embedder::Embedder(const std::filesystem::path& path, const PipelineOptions& options)
    : parts_(std::make_shared<const Parts>(path, options)) {}

HEADFORMER_INLINE Index Embedder::width() const {
  return parts_->config.dimensions > 0 ? std::min(parts_->config.dimensions, parts_->width) : parts_->width;
}
HEADFORMER_INLINE Index Embedder::max_length() const { return parts_->pipeline.max_length(); }

HEADFORMER_INLINE std::vector<std::string> Embedder::prompt_names() const {
  std::vector<std::string> names;
  for (const auto& [name, text] : parts_->config.prompts) names.push_back(name);
  return names;
}

HEADFORMER_INLINE std::vector<Outcome<TextVector>> Embedder::embed(std::span<const std::string_view> texts,
                                                                   const EmbedOptions& options) const {
  if (options.dimensions < 0 || options.dimensions > parts_->width)
    throw ArgumentError("dimensions: expected 1 to " + std::to_string(parts_->width) + ", found " +
                        std::to_string(options.dimensions));
  const Index kept = options.dimensions > 0 ? options.dimensions : width();
  const std::string prompt = parts_->prompt(options);
  const Index skipped = parts_->prompt_length(prompt);
  std::vector<std::string> prompted;
  for (const std::string_view text : prompt.empty() ? std::span<const std::string_view>() : texts)
    prompted.push_back(prompt + std::string(text));
  std::vector<TextPair> pairs;
  for (std::size_t i = 0; i < texts.size(); ++i) pairs.push_back({prompt.empty() ? texts[i] : prompted[i], {}});

  const std::vector<Outcome<Encoding>> tokens = parts_->pipeline.tokens(pairs);
  return parts_->pipeline.answer_each_hidden<TextVector>(
      tokens, [&](std::size_t i, std::span<const TensorView<const float>> hidden) {
        return TextVector{parts_->vector_of(hidden.front(), skipped, kept), tokens[i].value().truncated};
      });
}

HEADFORMER_INLINE std::vector<float> Embedder::embed(std::string_view text, const EmbedOptions& options) const {
  return embed(std::span(&text, 1), options).front().value().values;
}

HEADFORMER_INLINE float Embedder::similarity(std::span<const float> a, std::span<const float> b) const {
  if (a.size() != b.size())
    throw ArgumentError("similarity: expected vectors of the same length, found " + std::to_string(a.size()) + " and " +
                        std::to_string(b.size()));
  return detail::similarity(parts_->config.similarity, a, b);
}

HEADFORMER_INLINE float Embedder::similarity(std::string_view a, std::string_view b) const {
  return similarity(embed(a), embed(b));
}

}  // namespace headformer
