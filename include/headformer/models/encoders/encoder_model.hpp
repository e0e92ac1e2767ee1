#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "headformer/models/encoders/encoder.hpp"
#include "headformer/models/encoders/padded_outputs.hpp"
#include "headformer/models/model.hpp"
#include "headformer/models/sequence_rows.hpp"

namespace headformer {

/// An encoder as a Model: input_ids [B, T] (or inputs_embeds [B, T, E]), attention_mask, token_type_ids [B, T],
/// position_ids [B, T] or [1, T] -> what its heads put out, under the reference's names; multiple choice takes [B, C,
/// T]. Masked positions are left out of the computation, and their rows of the outputs are 0. A row of which nothing is
/// left has 0 everywhere. What the reference takes from a row's first column comes from its first column that is not
/// masked. A classifier over a decoder looks at the last id that is neither masked nor padding; without a padding id
/// several rows are refused, as in the reference.
class EncoderModel final : public Model {
 public:
  EncoderModel(std::shared_ptr<const Encoder> encoder, std::shared_ptr<Workspace> workspace)
      : encoder_(std::move(encoder)), workspace_(std::move(workspace)) {}

  NamedTensors forward(const NamedTensors& inputs) override {
    const bool choices = encoder_->config().task == EncoderTask::multiple_choice;
    detail::InputReader reader(inputs);
    detail::SequenceNames names;
    if (encoder_->config().takes_token_types) names.token_types = "token_type_ids";
    const detail::SequenceRows rows(reader, names, choices ? 3 : 2);
    expect_ends_known(rows);
    NamedTensors outputs;
    for (const auto& head : encoder_->heads()) {
      for (const std::string& name : head->output().names)
        outputs.emplace(name, Tensor<float>(detail::padded_shape(head->output(), rows)));
    }
    // A few sequences at once: that changes no bit, and bounds the memory.
    for (Index begin = 0; begin < rows.count();) {
      std::vector<detail::PlacedRow> parts;
      for (Index together = 0; begin < rows.count() && together < rows_at_once; ++begin) {
        detail::PlacedRow part{begin, rows.row(begin, encoder_->config().counts_columns)};
        if (part.row.columns.empty()) continue;
        if (part.row.positions.empty())
          part.row.positions = rows.own_positions(encoder_->numbering(), part.index, part.row);
        together += static_cast<Index>(part.row.columns.size());
        parts.push_back(std::move(part));
      }
      if (!parts.empty()) run(parts, rows.length(), outputs);
    }
    return outputs;
  }

 private:
  static constexpr Index rows_at_once = 2048;

  /// Where a classifier looks at a row's last id that is no padding, a batch needs to know which that is.
  void expect_ends_known(const detail::SequenceRows& rows) const {
    const TransformConfig& classifier = encoder_->config().heads.classifier;
    if (encoder_->config().task == EncoderTask::sequence_classification &&
        classifier.pooling == Pooling::last_not_padding && !classifier.padding_id && rows.count() > 1)
      throw ArgumentError("input_ids: expected 1 row, as the config has no pad_token_id, found " +
                          std::to_string(rows.count()));
  }

  void run(const std::vector<detail::PlacedRow>& parts, Index length, NamedTensors& outputs) {
    std::vector<EncoderInput> inputs;
    Index total = 0;
    for (const detail::PlacedRow& part : parts) {
      const detail::SequenceRow& row = part.row;
      inputs.push_back({row.ids, row.embeddings.view(), row.positions, row.token_types, row.key_bias});
      total += static_cast<Index>(row.columns.size());
    }
    std::vector<Tensor<float>> results;
    std::vector<TensorView<float>> views;
    for (const auto& head : encoder_->heads()) {
      const EncoderOutput& output = head->output();
      results.emplace_back(Shape{output.per_token ? total : static_cast<Index>(parts.size()), output.width});
      views.push_back(results.back());
    }
    encoder_->forward(*workspace_, inputs, views);
    for (std::size_t i = 0; i < views.size(); ++i)
      detail::scatter(encoder_->heads()[i]->output(), views[i], parts, length, outputs);
  }

  std::shared_ptr<const Encoder> encoder_;
  std::shared_ptr<Workspace> workspace_;
};

}  // namespace headformer
