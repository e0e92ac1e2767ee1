#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "headformer/models/encoders/encoder.hpp"
#include "headformer/models/seq2seq/config.hpp"
#include "headformer/models/seq2seq/decoder_inputs.hpp"
#include "headformer/models/seq2seq/decoder_over_source.hpp"

namespace headformer {

/// An encoder-decoder of any family: a source is encoded once, and any number of decoder sequences go on over it. The
/// decoder is a language model like any other; what makes its sequences differ is their source. Immutable, shareable
/// between threads; what changes lives in the sequences and the workspace.
class SequenceToSequence : public DecoderOverSource {
 public:
  const Seq2SeqConfig& config() const { return config_; }
  virtual const Encoder& encoder() const = 0;
  /// Of the decoder's hidden states; none for a class that generates.
  const std::vector<std::unique_ptr<EncoderHead>>& heads() const { return heads_; }

  /// Encodes sources in one ragged batch. A source's bits do not depend on what else is in the batch, nor on threads.
  /// `cache`: f32, f16, bf16 or q8_0. Throws as Encoder::encode(), and ArgumentError for another cache type.
  std::vector<Source> encode(Workspace& workspace, std::span<const EncoderInput> inputs,
                             DType cache = DType::f32) const {
    std::vector<Index> lengths;
    Index rows = 0;
    for (const EncoderInput& input : inputs) rows += lengths.emplace_back(input.rows());
    Tensor<float> hidden(Shape{rows, config_.encoder.width});
    encoder().encode(workspace, inputs, hidden);
    return remember(workspace, hidden, lengths, cache);
  }
  Source encode(Workspace& workspace, const EncoderInput& input, DType cache = DType::f32) const {
    return encode(workspace, std::span(&input, 1), cache).front();
  }

  /// What the heads make of texts that are source and, by the class's own rule, decoder inputs too: how BART
  /// classifies. A text's bits do not depend on what else is there, nor on threads. Shapes: outputs[i] [T or sequences,
  /// heads()[i]->output().width]. Throws ArgumentError for a class without heads or such a rule, an input without ids
  /// or, where it is classified, without the end id.
  void forward(Workspace& workspace, std::span<const EncoderInput> inputs,
               std::span<const TensorView<float>> outputs) const {
    if (outputs.size() != heads_.size()) detail::fail_count("outputs", heads_.size(), outputs.size());
    Index row = 0;
    Index item = 0;
    while (!inputs.empty()) {
      constexpr Index together = 512;  // rows; their keys and values are kept for all layers
      std::size_t count = 0;
      for (Index rows = 0; count < inputs.size() && rows < together; ++count) rows += inputs[count].rows();
      forward_group(workspace, inputs.first(count), outputs, row, item);
      inputs = inputs.subspan(count);
    }
  }

  /// What the heads make of the decoder's hidden states of one sequence. Shapes: hidden [T, D] -> outputs[i] [T or 1,
  /// heads()[i]->output().width].
  void apply_heads(Workspace& workspace, TensorView<const float> hidden,
                   std::span<const TensorView<float>> outputs) const {
    if (outputs.size() != heads_.size()) detail::fail_count("outputs", heads_.size(), outputs.size());
    Batch batch;
    batch.sequences.push_back({0, hidden.rows(), hidden.rows()});
    batch.positions.resize(static_cast<std::size_t>(hidden.rows()));
    Context context(workspace.compute(), workspace.scratch, workspace.tables, batch);
    for (std::size_t i = 0; i < outputs.size(); ++i) (*heads_[i])(context, hidden, outputs[i]);
  }

 protected:
  explicit SequenceToSequence(Seq2SeqConfig config) : config_(std::move(config)) {}
  void set_heads(std::vector<std::unique_ptr<EncoderHead>> heads) { heads_ = std::move(heads); }

 private:
  /// `row` and `item` are where the group's outputs begin, and go on behind them.
  void forward_group(Workspace& workspace, std::span<const EncoderInput> inputs,
                     std::span<const TensorView<float>> outputs, Index& row, Index& item) const {
    std::vector<SequenceState> states;
    std::vector<std::vector<TokenId>> ids;
    Index rows = 0;
    for (const Source& source : encode(workspace, inputs)) {
      const EncoderInput& input = inputs[ids.size()];
      states.push_back(new_sequence(source));
      ids.push_back(detail::own_decoder_ids(config_, input.ids));
      rows += input.rows();
    }
    std::vector<SequenceInput> targets(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      targets[i].state = &states[i];
      targets[i].ids = ids[i];
      targets[i].logits = LogitRows::all;
    }
    Tensor<float> hidden(Shape{rows, config_.decoder.width});
    decoder().hidden_states(workspace, targets, hidden);
    Index begin = 0;
    for (const EncoderInput& input : inputs) {
      // A classifier looks at the last of the rows it is given.
      const bool whole = config_.task != Seq2SeqTask::sequence_classification;
      const Index end = begin + (whole ? input.rows() : detail::end_of_source(input.ids, config_.end_id));
      std::vector<TensorView<float>> parts;
      for (std::size_t i = 0; i < heads_.size(); ++i)
        parts.push_back(heads_[i]->output().per_token ? outputs[i].slice_rows(row, row + input.rows())
                                                      : outputs[i].slice_rows(item, item + 1));
      apply_heads(workspace, hidden.view().slice_rows(begin, end), parts);
      begin += input.rows();
      row += input.rows();
      ++item;
    }
  }

  Seq2SeqConfig config_;
  std::vector<std::unique_ptr<EncoderHead>> heads_;
};

}  // namespace headformer
