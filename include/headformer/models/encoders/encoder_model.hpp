#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "headformer/models/encoders/encoder.hpp"
#include "headformer/models/model.hpp"
#include "headformer/models/sequence_rows.hpp"

namespace headformer {

/// An encoder as a Model: input_ids [B, T] (or inputs_embeds [B, T, E]), attention_mask, token_type_ids [B, T],
/// position_ids [B, T] or [1, T] -> what its heads put out, under the reference's names; multiple choice takes [B, C,
/// T]. Masked positions are left out of the computation, and their rows of the outputs are 0. A row of which nothing is
/// left has 0 everywhere. What the reference takes from a row's first column comes from its first column that is not
/// masked.
class EncoderModel final : public Model {
 public:
  EncoderModel(std::shared_ptr<const Encoder> encoder, std::shared_ptr<Workspace> workspace)
      : encoder_(std::move(encoder)), workspace_(std::move(workspace)) {}

  NamedTensors forward(const NamedTensors& inputs) override {
    const bool choices = encoder_->config().task == EncoderTask::multiple_choice;
    const detail::SequenceRows rows(inputs, choices ? 3 : 2, true);
    NamedTensors outputs;
    for (const auto& head : encoder_->heads()) {
      for (const std::string& name : head->output().names)
        outputs.emplace(name, Tensor<float>(shape_of(head->output(), rows)));
    }
    // A few sequences at once: that changes no bit, and bounds the memory.
    for (Index begin = 0; begin < rows.count();) {
      std::vector<Part> parts;
      for (Index together = 0; begin < rows.count() && together < rows_at_once; ++begin) {
        Part part{begin, rows.row(begin, encoder_->config().counts_columns)};
        if (part.row.columns.empty()) continue;
        if (part.row.positions.empty()) part.row.positions = own_positions(part, rows);
        together += static_cast<Index>(part.row.columns.size());
        parts.push_back(std::move(part));
      }
      if (!parts.empty()) run(parts, rows.length(), outputs);
    }
    return outputs;
  }

 private:
  static constexpr Index rows_at_once = 2048;

  /// A sequence and its row in the batch.
  struct Part {
    Index index;
    detail::SequenceRow row;
  };

  static Shape shape_of(const EncoderOutput& output, const detail::SequenceRows& rows) {
    std::vector<Index> sizes(rows.leading().begin(), rows.leading().end());
    if (output.per_token) sizes.push_back(rows.length());
    if (!output.scalars) sizes.push_back(output.width);
    return Shape(sizes);
  }

  std::vector<std::int32_t> own_positions(const Part& part, const detail::SequenceRows& rows) const {
    const bool by_ids = encoder_->config().numbering == PositionNumbering::after_padding;
    const std::vector<TokenId> ids = by_ids ? rows.all_ids(part.index) : std::vector<TokenId>();
    const std::vector<std::int32_t> all = encoder_->positions(ids, rows.length());
    std::vector<std::int32_t> result;
    for (const Index column : part.row.columns) result.push_back(all[static_cast<std::size_t>(column)]);
    return result;
  }

  void run(const std::vector<Part>& parts, Index length, NamedTensors& outputs) {
    std::vector<EncoderInput> inputs;
    Index total = 0;
    for (const Part& part : parts) {
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
      scatter(encoder_->heads()[i]->output(), views[i], parts, length, outputs);
  }

  /// Writes a head's rows to their places in the padded outputs.
  static void scatter(const EncoderOutput& output, TensorView<const float> result, const std::vector<Part>& parts,
                      Index length, NamedTensors& outputs) {
    const Index width = output.scalars ? 1 : output.width;
    for (std::size_t n = 0; n < output.names.size(); ++n) {
      float* const to = std::get<Tensor<float>>(outputs.at(output.names[n])).data();
      Index from = 0;
      const auto copy = [&](Index place) {
        std::copy_n(result.row(from) + static_cast<Index>(n), width, to + place * width);
      };
      for (const Part& part : parts) {
        if (!output.per_token) {
          copy(part.index);
          ++from;
          continue;
        }
        for (std::size_t i = 0; i < part.row.columns.size(); ++i, ++from) {
          if (!part.row.hidden(i)) copy(part.index * length + part.row.columns[i]);
        }
      }
    }
  }

  std::shared_ptr<const Encoder> encoder_;
  std::shared_ptr<Workspace> workspace_;
};

}  // namespace headformer
