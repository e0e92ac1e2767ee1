#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/formats/safetensors.hpp"
#include "headformer/kernels/quantization.hpp"
#include "headformer/pipelines/embedding/vector_source.hpp"
#include "headformer/preprocess/tokenizer.hpp"

namespace headformer {

namespace detail {

/// A tensor of a file as f32. Throws WeightError when there is none of this name or it has other dimensions.
HEADFORMER_COLD inline Tensor<float> read_tensor(const Safetensors& file, const std::string& path, const char* name,
                                                 int rank) {
  const TensorEntry* entry = file.find(name);
  if (entry == nullptr || entry->shape.rank() != rank)
    throw WeightError(path + ": tensor " + name + ": expected one of " + std::to_string(rank) + " dimensions, found " +
                      (entry == nullptr ? "none" : to_string(entry->shape)));
  Tensor<float> tensor(entry->shape);
  kernels::dequantise_row(entry->dtype, entry->bytes.data(), tensor.count(), tensor.data());
  return tensor;
}

/// Shapes: -> [V, D].
HEADFORMER_COLD inline Tensor<float> read_static_table(const std::filesystem::path& path) {
  const Safetensors file = Safetensors::parse(Bytes::map(path));
  const std::string name = path.string();
  if (file.find("embedding.weight") != nullptr) return read_tensor(file, name, "embedding.weight", 2);
  // model2vec's: rows that tokens share, and a weight for each token.
  const Tensor<float> rows = read_tensor(file, name, "embeddings", 2);
  const bool shares = file.find("mapping") != nullptr;
  const bool weighs = file.find("weights") != nullptr;
  const Tensor<float> mapping = shares ? read_tensor(file, name, "mapping", 1) : Tensor<float>();
  const Tensor<float> weights = weighs ? read_tensor(file, name, "weights", 1) : Tensor<float>();
  const Index tokens = shares ? mapping.count() : rows.size(0);
  if (weighs && weights.count() != tokens)
    throw WeightError(name + ": tensor weights: expected " + std::to_string(tokens) + " numbers, found " +
                      std::to_string(weights.count()));
  Tensor<float> table(Shape{tokens, rows.size(1)});
  for (Index t = 0; t < tokens; ++t) {
    const float at = shares ? mapping.data()[t] : static_cast<float>(t);
    if (!(at >= 0 && at < static_cast<float>(rows.size(0))))
      throw WeightError(name + ": tensor mapping: expected rows of 0 to " + std::to_string(rows.size(0) - 1) +
                        ", found " + std::to_string(at));
    const float* from = rows.view().row(static_cast<Index>(at));
    for (Index i = 0; i < rows.size(1); ++i) table.view().row(t)[i] = from[i] * (weighs ? weights.data()[t] : 1.0F);
  }
  return table;
}

}  // namespace detail

/// The mean of a table's rows, one for each token, without an encoder: sentence-transformers' StaticEmbedding, and
/// model2vec's files.
class StaticVectors final : public VectorSource {
 public:
  /// Reads tokenizer.json and `embedding.weight` [V, D] (or `embeddings`, with a row's number and a weight for each
  /// token where the file has `mapping` and `weights`) of model.safetensors. Throws FormatError, WeightError.
  HEADFORMER_COLD explicit StaticVectors(const std::filesystem::path& folder)
      : tokenizer_(Tokenizer::from(folder)), table_(detail::read_static_table(folder / "model.safetensors")) {
    if (tokenizer_.size() > table_.size(0))
      throw WeightError((folder / "model.safetensors").string() + ": expected a row for each of " +
                        std::to_string(tokenizer_.size()) + " tokens, found " + std::to_string(table_.size(0)));
  }

  Index width() const override { return table_.size(1); }
  Index max_length() const override { return 0; }
  std::vector<Outcome<TextVector>> vectors(std::span<const std::string_view> texts,
                                           const std::string& prompt) const override {
    std::vector<Outcome<TextVector>> result;
    for (const std::string& text : prompted(texts, prompt)) {
      try {
        result.push_back(TextVector{mean(tokenizer_.encode(text, false))});
      } catch (const ArgumentError& error) {
        result.push_back(Outcome<TextVector>::failure(error.what()));
      }
    }
    return result;
  }

 private:
  /// 0 of no tokens.
  std::vector<float> mean(const std::vector<TokenId>& ids) const {
    std::vector<float> sum(static_cast<std::size_t>(width()), 0.0F);
    for (const TokenId id : ids)
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += table_.view().row(id)[i];
    if (!ids.empty())
      for (float& value : sum) value /= static_cast<float>(ids.size());
    return sum;
  }

  Tokenizer tokenizer_;
  Tensor<float> table_;  // [V, D]
};

}  // namespace headformer
