#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "headformer/models/encoders/padded_outputs.hpp"
#include "headformer/models/model.hpp"
#include "headformer/models/seq2seq/decoder_inputs.hpp"
#include "headformer/models/seq2seq/sequence_to_sequence.hpp"
#include "headformer/models/seq2seq/target_rows.hpp"
#include "headformer/models/sequence_rows.hpp"

namespace headformer {

/// An encoder-decoder as a Model: input_ids [B, S] (or inputs_embeds [B, S, D]), attention_mask [B, S],
/// decoder_input_ids [B, T] (or decoder_inputs_embeds [B, T, D]; where the class has a rule for it, neither),
/// decoder_attention_mask [B, T] -> encoder_last_hidden_state [B, S, D], and logits [B, T, V] or what the class's heads
/// put out, under the reference's names. Masked positions are left out of the computation, and their rows of the
/// outputs are 0. A row of which nothing is left, on one of the sides, has 0 everywhere on the decoder's.
class Seq2SeqModel final : public Model {
 public:
  Seq2SeqModel(std::shared_ptr<const SequenceToSequence> model, std::shared_ptr<Workspace> workspace,
               DType cache = DType::f32)
      : model_(std::move(model)), workspace_(std::move(workspace)), cache_(cache) {}

  NamedTensors forward(const NamedTensors& inputs) override {
    detail::InputReader reader(inputs);
    detail::decoder_names().announce(reader);
    const detail::SequenceRows sources(reader, encoder_names(), 2);
    const bool given = inputs.contains("decoder_input_ids") || inputs.contains("decoder_inputs_embeds");
    const NamedTensors own = given ? NamedTensors() : own_decoder_inputs(reader);
    detail::InputReader decoder_reader(given ? inputs : own);
    encoder_names().announce(decoder_reader);
    const detail::SequenceRows targets(decoder_reader, detail::decoder_names(), 2);
    if (targets.count() != sources.count())
      throw ArgumentError("decoder inputs: expected " + std::to_string(sources.count()) + " rows, found " +
                          std::to_string(targets.count()));

    NamedTensors outputs;
    add(outputs, hidden_states(), sources);
    for (const EncoderOutput& output : decoder_outputs()) add(outputs, output, targets);
    // One after another: their bits do not depend on each other, and the memory of one is used for the next.
    for (Index b = 0; b < sources.count(); ++b) {
      const Source source = encode(sources, b, outputs);
      if (source != nullptr) decode(source, sources, targets, b, outputs);
    }
    return outputs;
  }

 private:
  static detail::SequenceNames encoder_names() { return {"input_ids", "inputs_embeds", "attention_mask", "", ""}; }

  bool generates() const { return model_->config().task == Seq2SeqTask::generation; }
  bool classifies() const { return model_->config().task == Seq2SeqTask::sequence_classification; }

  NamedTensors own_decoder_inputs(detail::InputReader& reader) const {
    NamedTensors own;
    own.emplace("decoder_input_ids", detail::own_decoder_ids(model_->config(), reader.find<std::int64_t>("input_ids")));
    if (const auto* mask = reader.find<std::int64_t>("decoder_attention_mask"))
      own.emplace("decoder_attention_mask", mask->clone());
    return own;
  }

  EncoderOutput hidden_states() const { return {{"encoder_last_hidden_state"}, model_->config().encoder.width, true}; }
  std::vector<EncoderOutput> decoder_outputs() const {
    if (generates()) return {{{"logits"}, model_->config().decoder.vocabulary, true}};
    std::vector<EncoderOutput> result;
    for (const auto& head : model_->heads()) result.push_back(head->output());
    return result;
  }
  static void add(NamedTensors& outputs, const EncoderOutput& output, const detail::SequenceRows& rows) {
    for (const std::string& name : output.names)
      outputs.emplace(name, Tensor<float>(detail::padded_shape(output, rows)));
  }

  /// nullptr for a row of which nothing is left.
  Source encode(const detail::SequenceRows& sources, Index b, NamedTensors& outputs) {
    std::vector<detail::PlacedRow> parts;
    parts.push_back({b, sources.row(b, model_->config().encoder.counts_columns)});
    const detail::SequenceRow& row = parts.front().row;
    if (row.columns.empty()) return nullptr;
    const std::vector<std::int32_t> positions = sources.own_positions(model_->encoder().numbering(), b, row);
    const EncoderInput input{row.ids, row.embeddings.view(), positions, {}, row.key_bias};
    Tensor<float> hidden(Shape{input.rows(), model_->config().encoder.width});
    model_->encoder().encode(*workspace_, std::span(&input, 1), hidden);
    detail::scatter(hidden_states(), hidden, parts, sources.length(), outputs);
    Index length = 0;  // no decoder row sees what is hidden, and nothing counts its place
    for (Index r = 0; r < hidden.size(0); ++r) {
      if (row.hidden(static_cast<std::size_t>(r))) continue;
      if (r != length) std::copy_n(hidden.view().row(r), hidden.size(1), hidden.view().row(length));
      ++length;
    }
    return model_->remember(*workspace_, hidden.view().slice_rows(0, length), std::span(&length, 1), cache_).front();
  }

  void decode(const Source& source, const detail::SequenceRows& sources, const detail::SequenceRows& targets, Index b,
              NamedTensors& outputs) {
    std::vector<detail::PlacedRow> parts;
    parts.push_back({b, targets.row(b, model_->config().decoder_counts_columns)});
    detail::SequenceRow& row = parts.front().row;
    if (classifies()) {  // the last row it looks at is the one of the source's end; causal, it needs none after that
      const Index end = detail::end_of_source(sources.all_ids(b), model_->config().end_id);
      row.cut(std::lower_bound(row.columns.begin(), row.columns.end(), end) - row.columns.begin());
    }
    if (row.columns.empty()) return;
    scale(row.embeddings);
    const std::vector<std::int32_t> positions = targets.own_positions(model_->decoder().config().numbering, b, row);
    SequenceState state = model_->new_sequence(source, cache_);
    const SequenceInput input = detail::whole_row(state, row, positions);
    const auto rows = static_cast<Index>(row.columns.size());
    if (generates()) {
      Tensor<float> logits(Shape{rows, model_->config().decoder.vocabulary});
      model_->decoder().forward(*workspace_, std::span(&input, 1), logits);
      return detail::scatter(decoder_outputs().front(), logits, parts, targets.length(), outputs);
    }
    Tensor<float> hidden(Shape{rows, model_->config().decoder.width});
    model_->decoder().hidden_states(*workspace_, std::span(&input, 1), hidden);
    std::vector<Tensor<float>> results;
    for (const EncoderOutput& output : decoder_outputs())
      results.emplace_back(Shape{output.per_token ? rows : 1, output.width});
    const std::vector<TensorView<float>> views(results.begin(), results.end());
    model_->apply_heads(*workspace_, hidden, views);
    for (std::size_t i = 0; i < views.size(); ++i)
      detail::scatter(model_->heads()[i]->output(), views[i], parts, targets.length(), outputs);
  }

  /// Pegasus and Marian multiply embeddings that they are given as those of ids.
  void scale(Tensor<float>& embeddings) const {
    if (!model_->config().scales_given_embeddings || embeddings.data() == nullptr) return;
    for (Index i = 0; i < embeddings.count(); ++i) embeddings.data()[i] *= model_->config().decoder.embedding_scale;
  }

  std::shared_ptr<const SequenceToSequence> model_;
  std::shared_ptr<Workspace> workspace_;
  DType cache_;
};

}  // namespace headformer
