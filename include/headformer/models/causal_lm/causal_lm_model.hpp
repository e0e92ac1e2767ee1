#pragma once

#include <memory>
#include <vector>

#include "headformer/models/causal_lm/causal_language_model.hpp"
#include "headformer/models/model.hpp"

namespace headformer {

/// A decoder language model as a Model: input_ids [B, T] (or inputs_embeds [B, T, D]), attention_mask [B, T],
/// position_ids [B, T] or [1, T] -> logits [B, T, V]. Masked positions are left out of the computation, and their rows
/// of the output are 0. Positions are column indices unless given, as in the reference.
class CausalLmModel final : public Model {
 public:
  CausalLmModel(std::shared_ptr<const CausalLanguageModel> model, std::shared_ptr<Workspace> workspace,
                DType cache = DType::f32)
      : model_(std::move(model)), workspace_(std::move(workspace)), cache_(cache) {}

  NamedTensors forward(const NamedTensors& inputs) override {
    detail::InputReader reader(inputs);
    const auto* ids = reader.find<std::int64_t>("input_ids");
    const auto* embeddings = reader.find<float>("inputs_embeds");
    const auto* mask = reader.find<std::int64_t>("attention_mask");
    const auto* positions = reader.find<std::int64_t>("position_ids");
    reader.expect_all_read();
    if ((ids == nullptr) == (embeddings == nullptr))
      throw ArgumentError("inputs: expected either input_ids or inputs_embeds, found " +
                          std::string(ids ? "both" : "neither"));
    const Shape& shape = ids != nullptr ? ids->shape() : embeddings->shape();
    if (shape.rank() != (ids != nullptr ? 2 : 3))
      throw ArgumentError("input " +
                          std::string(ids ? "input_ids: expected [B, T]" : "inputs_embeds: expected [B, T, D]") +
                          ", found " + to_string(shape));
    const Index batch = shape[0];
    const Index length = shape[1];
    if (batch == 0 || length == 0)
      throw ArgumentError("input " + std::string(ids ? "input_ids" : "inputs_embeds") +
                          ": expected at least one row and one column, found " + to_string(shape));
    if (mask != nullptr) detail::expect_shape("attention_mask", mask->shape(), {batch, length});
    if (positions != nullptr && !(positions->shape() == Shape{1, length}))
      detail::expect_shape("position_ids", positions->shape(), {batch, length});

    Tensor<float> logits(Shape{batch, length, model_->config().vocabulary});
    for (Index b = 0; b < batch; ++b) run_row(b, ids, embeddings, mask, positions, logits);
    NamedTensors outputs;
    outputs.emplace("logits", std::move(logits));
    return outputs;
  }

 private:
  /// One row of the batch; its unmasked columns are one sequence. Rows run one after another: their bits do not depend
  /// on each other, and the memory of one is used for the next.
  void run_row(Index b, const Tensor<std::int64_t>* ids, const Tensor<float>* embeddings,
               const Tensor<std::int64_t>* mask, const Tensor<std::int64_t>* positions, Tensor<float>& logits) {
    const Index length = logits.size(1);
    const auto visible = [&](Index t) { return mask == nullptr || mask->data()[b * length + t] != 0; };
    std::vector<Index> columns;
    for (Index t = 0; t < length; ++t) {
      if (visible(t)) columns.push_back(t);
    }
    std::vector<float> key_bias;
    if (!columns.empty() && columns.back() - columns.front() + 1 != static_cast<Index>(columns.size()) &&
        has_window()) {
      // A window counts columns, those of a hole inside the row too: they stay, and no query sees them.
      const Index first = columns.front();
      const Index last = columns.back();
      columns.clear();
      for (Index t = first; t <= last; ++t) {
        columns.push_back(t);
        key_bias.push_back(visible(t) ? 0.0F : -1e30F);
      }
    }
    std::vector<TokenId> row_ids;
    std::vector<std::int32_t> row_positions;
    for (const Index t : columns) {
      if (ids != nullptr) row_ids.push_back(narrow(ids->data()[b * length + t], "input_ids"));
      const Index position_row = positions != nullptr && positions->size(0) == batch_of(logits) ? b : 0;
      row_positions.push_back(
          narrow(positions != nullptr ? positions->data()[position_row * length + t] : t, "position_ids"));
    }
    if (columns.empty()) return;
    const Index width = model_->config().width;
    Tensor<float> row_embeddings(Shape{ids != nullptr ? 0 : static_cast<Index>(columns.size()),
                                       embeddings != nullptr ? embeddings->size(2) : width});
    for (std::size_t i = 0; embeddings != nullptr && i < columns.size(); ++i) {
      std::copy_n(embeddings->data() + (b * length + columns[i]) * embeddings->size(2), embeddings->size(2),
                  row_embeddings.view().row(static_cast<Index>(i)));
    }

    SequenceState state = model_->new_sequence(cache_);
    Tensor<float> row_logits(Shape{static_cast<Index>(columns.size()), model_->config().vocabulary});
    SequenceInput input;
    input.state = &state;
    input.ids = row_ids;
    if (ids == nullptr) input.embeddings = row_embeddings.view();
    input.positions = row_positions;
    input.logits = LogitRows::all;
    input.key_bias = key_bias;
    model_->forward(*workspace_, std::span(&input, 1), row_logits);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (!visible(columns[i])) continue;
      std::copy_n(row_logits.view().row(static_cast<Index>(i)), row_logits.size(1),
                  logits.data() + (b * length + columns[i]) * row_logits.size(1));
    }
  }

  bool has_window() const {
    const auto& layers = model_->config().layers;
    return std::any_of(layers.begin(), layers.end(),
                       [](const LayerConfig& layer) { return layer.attention.window > 0; });
  }

  static Index batch_of(const Tensor<float>& logits) { return logits.size(0); }

  static std::int32_t narrow(std::int64_t value, const char* name) {
    if (value < 0 || value > std::numeric_limits<std::int32_t>::max()) {
      throw ArgumentError("input " + std::string(name) + ": expected 0 to 2147483647, found " + std::to_string(value));
    }
    return static_cast<std::int32_t>(value);
  }

  std::shared_ptr<const CausalLanguageModel> model_;
  std::shared_ptr<Workspace> workspace_;
  DType cache_;
};

}  // namespace headformer
