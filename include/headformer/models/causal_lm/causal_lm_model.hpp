#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include "headformer/models/causal_lm/causal_language_model.hpp"
#include "headformer/models/model.hpp"
#include "headformer/models/sequence_rows.hpp"

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
    const detail::SequenceRows rows(reader, {}, 2);
    Tensor<float> logits(Shape{rows.count(), rows.length(), model_->config().vocabulary});
    // One after another: their bits do not depend on each other, and the memory of one is used for the next.
    for (Index b = 0; b < rows.count(); ++b)
      run(rows.row(b, has_window()), logits.data() + b * rows.length() * model_->config().vocabulary);
    NamedTensors outputs;
    outputs.emplace("logits", std::move(logits));
    return outputs;
  }

 private:
  /// Shapes: logits [T of the padded row, V].
  void run(detail::SequenceRow row, float* logits) {
    if (row.columns.empty()) return;
    if (row.positions.empty()) row.positions.assign(row.columns.begin(), row.columns.end());
    SequenceState state = model_->new_sequence(cache_);
    Tensor<float> row_logits(Shape{static_cast<Index>(row.columns.size()), model_->config().vocabulary});
    SequenceInput input;
    input.state = &state;
    input.ids = row.ids;
    input.embeddings = row.embeddings.view();
    input.positions = row.positions;
    input.logits = LogitRows::all;
    input.key_bias = row.key_bias;
    model_->forward(*workspace_, std::span(&input, 1), row_logits);
    for (std::size_t i = 0; i < row.columns.size(); ++i) {
      if (row.hidden(i)) continue;
      std::copy_n(row_logits.view().row(static_cast<Index>(i)), row_logits.size(1),
                  logits + row.columns[i] * row_logits.size(1));
    }
  }

  bool has_window() const {
    const auto& layers = model_->config().layers;
    return std::any_of(layers.begin(), layers.end(),
                       [](const LayerConfig& layer) { return layer.attention.window > 0; });
  }

  std::shared_ptr<const CausalLanguageModel> model_;
  std::shared_ptr<Workspace> workspace_;
  DType cache_;
};

}  // namespace headformer
