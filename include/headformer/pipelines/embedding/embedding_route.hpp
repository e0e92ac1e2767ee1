#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/formats/json_file.hpp"
#include "headformer/pipelines/embedding/pooled_encoder.hpp"
#include "headformer/pipelines/embedding/sentence_config.hpp"
#include "headformer/pipelines/embedding/splade_encoder.hpp"
#include "headformer/pipelines/embedding/static_vectors.hpp"
#include "headformer/pipelines/embedding/vector_modules.hpp"
#include "headformer/pipelines/machinery.hpp"

namespace headformer::detail {

/// A text's way through a sentence-transformers folder: what makes a vector of it, then modules over vectors.
class EmbeddingRoute {
 public:
  HEADFORMER_COLD EmbeddingRoute(const std::vector<SentenceModule>& modules, const PipelineOptions& options,
                                 Workspace& workspace)
      : workspace_(workspace) {
    std::size_t next = 0;
    LoadOptions load = pipeline_loading(options, *workspace.executor);
    load.packed_cache.clear();  // that file is the encoder's
    source_ = read_source(modules, next, options);
    modules_ = VectorModules(source_->width());
    if (!std::filesystem::is_directory(modules.front().folder))
      read_gguf_dense(Checkpoint::open(modules.front().folder), load, *workspace.executor, modules_);
    for (; next < modules.size(); ++next) {
      auto module = read_vector_module(modules[next].type, "sentence_embedding", width(), modules[next].folder, load,
                                       *workspace.executor);
      if (module) modules_.add(std::move(*module));
    }
  }

  Index width() const { return modules_.width(); }
  Index max_length() const { return source_->max_length(); }

  std::vector<Outcome<TextVector>> vectors(std::span<const std::string_view> texts, const std::string& prompt) const {
    std::vector<Outcome<TextVector>> result = source_->vectors(texts, prompt);
    if (modules_.empty() || result.empty()) return result;
    // A text without a vector has a row of zeros that nobody reads.
    Tensor<float> rows(Shape{static_cast<Index>(result.size()), source_->width()});
    std::fill_n(rows.data(), rows.count(), 0.0F);
    for (std::size_t i = 0; i < result.size(); ++i) {
      if (!result[i]) continue;
      const std::vector<float>& values = result[i].value().values;
      std::copy(values.begin(), values.end(), rows.view().row(static_cast<Index>(i)));
    }
    rows = modules_(workspace_, std::move(rows));
    for (std::size_t i = 0; i < result.size(); ++i) {
      if (!result[i]) continue;
      const float* row = rows.view().row(static_cast<Index>(i));
      result[i] = TextVector{{row, row + width()}, result[i].value().truncated};
    }
    return result;
  }

 private:
  static JsonFile config_of(const std::filesystem::path& folder) { return {folder_reader(folder), "config.json"}; }

  /// Of a Transformer and the pooling after it, or of a StaticEmbedding; `next` becomes the module after that.
  HEADFORMER_COLD static std::unique_ptr<VectorSource> read_source(const std::vector<SentenceModule>& modules,
                                                                   std::size_t& next, const PipelineOptions& options) {
    const SentenceModule& first = modules.at(next++);
    if (first.type == "StaticEmbedding") return std::make_unique<StaticVectors>(first.folder);
    if (first.type != "Transformer" && first.type != "MLMTransformer")
      throw ConfigError(first.folder.string() + ": modules.json: expected Transformer, MLMTransformer or " +
                        "StaticEmbedding first, found " + detail::quoted(first.type));
    const std::string pooling = next < modules.size() ? modules[next].type : "none";
    if (pooling != "Pooling" && pooling != "SpladePooling")
      throw ConfigError(first.folder.string() + ": modules.json: expected Pooling or SpladePooling after " +
                        first.type + ", found " + detail::quoted(pooling));
    const std::filesystem::path& folder = modules[next++].folder;
    using Heads = EncoderPipeline::Heads;
    auto encoder = std::make_shared<const EncoderPipeline>(Checkpoint::open(first.folder), options,
                                                           pooling == "Pooling" ? Heads::base : Heads::own);
    if (pooling == "Pooling") {
      TokenPoolingConfig tokens =
          folder.empty() ? usual_pooling(encoder->checkpoint()) : read_token_pooling(config_of(folder).object());
      return std::make_unique<PooledEncoder>(std::move(encoder), std::move(tokens));
    }
    const JsonFile file = config_of(folder);
    const std::string strategy = file.object().string_or("pooling_strategy", "max");
    const std::string activation = file.object().string_or("activation_function", "relu");
    if (strategy != "max" && strategy != "sum") file.object().fail("pooling_strategy", "max or sum");
    if (activation != "relu" && activation != "log1p_relu")
      file.object().fail("activation_function", "relu or log1p_relu");
    return std::make_unique<SpladeEncoder>(std::move(encoder),
                                           SpladePoolingConfig{strategy == "sum", activation == "log1p_relu"});
  }

  /// Where no module says: what a GGUF's `pooling_type` names, otherwise the mean.
  HEADFORMER_COLD static TokenPoolingConfig usual_pooling(const Checkpoint& checkpoint) {
    if (!checkpoint.is_gguf()) return {};
    const std::string key = checkpoint.architecture() + ".pooling_type";
    const Gguf& gguf = checkpoint.gguf();
    constexpr Index mean = 1, cls = 2, last = 3;
    const Index type = gguf.has(key) ? gguf.integer(key, mean, last) : mean;
    return {{type == cls ? TokenPooling::cls : type == last ? TokenPooling::last_token : TokenPooling::mean}};
  }

  Workspace& workspace_;
  std::unique_ptr<VectorSource> source_;
  VectorModules modules_{0};
};

}  // namespace headformer::detail
