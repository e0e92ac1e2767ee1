#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "headformer/models/audio/sound_rows.hpp"
#include "headformer/models/encoders/padded_outputs.hpp"
#include "headformer/models/seq2seq/target_rows.hpp"
#include "headformer/models/speech/speech_to_text.hpp"

namespace headformer {

/// A speech-to-text model as a Model: input_features [B, C, frames] or input_values and attention_mask [B, samples];
/// decoder_input_ids [B, T] (or decoder_inputs_embeds [B, T, D]), decoder_attention_mask, decoder_position_ids [B, T]
/// -> encoder_last_hidden_state [B, S, D], and logits [B, T, V] or last_hidden_state [B, T, D]. Masked rows are left
/// out of the computation, and 0 in the outputs.
class SpeechToTextModel final : public Model {
 public:
  SpeechToTextModel(std::shared_ptr<const SpeechToText> model, std::shared_ptr<Workspace> workspace,
                    DType cache = DType::f32)
      : model_(std::move(model)), workspace_(std::move(workspace)), cache_(cache) {}

  NamedTensors forward(const NamedTensors& inputs) override {
    detail::InputReader reader(inputs);
    const detail::SoundRows sounds(reader, model_->config().encoder);
    const detail::SequenceRows targets(reader, detail::decoder_names("decoder_position_ids"), 2);
    if (targets.count() != sounds.count())
      throw ArgumentError("decoder inputs: expected " + std::to_string(sounds.count()) + " rows, found " +
                          std::to_string(targets.count()));
    if (sounds.frames() == 0) model_->encoder().rows(sounds.input(0));  // says what is too short
    NamedTensors outputs;
    outputs.emplace("encoder_last_hidden_state",
                    Tensor<float>(Shape{sounds.count(), sounds.frames(), model_->config().encoder.width}));
    outputs.emplace(output().names.front(), Tensor<float>(detail::padded_shape(output(), targets)));
    // One after another: their bits do not depend on each other, and the memory of one is used for the next.
    for (Index b = 0; b < sounds.count(); ++b) {
      if (sounds.frames(b) > 0) decode(encode(sounds.input(b), b, outputs), targets, b, outputs);
    }
    return outputs;
  }

 private:
  EncoderOutput output() const {
    const CausalLmConfig& decoder = model_->config().decoder;
    if (model_->config().generates) return {{"logits"}, decoder.vocabulary, true};
    return {{"last_hidden_state"}, decoder.width, true};
  }

  Source encode(const AudioInput& input, Index b, NamedTensors& outputs) {
    const Index rows = model_->encoder().rows(input);
    Tensor<float> hidden(Shape{rows, model_->config().encoder.width});
    model_->encoder().encode(*workspace_, std::span(&input, 1), hidden);
    auto& padded = std::get<Tensor<float>>(outputs.at("encoder_last_hidden_state"));
    std::copy_n(hidden.data(), hidden.count(), padded.view().row(b));
    return model_->remember(*workspace_, hidden, std::span(&rows, 1), cache_).front();
  }

  void decode(const Source& source, const detail::SequenceRows& targets, Index b, NamedTensors& outputs) {
    std::vector<detail::PlacedRow> parts;
    parts.push_back({b, targets.row(b, false)});
    const detail::SequenceRow& row = parts.front().row;
    if (row.columns.empty()) return;
    const std::vector<std::int32_t> positions =
        row.positions.empty() ? targets.own_positions(model_->decoder().config().numbering, b, row) : row.positions;
    SequenceState state = model_->new_sequence(source, cache_);
    const SequenceInput input = detail::whole_row(state, row, positions);
    Tensor<float> result(Shape{static_cast<Index>(row.columns.size()), output().width});
    if (model_->config().generates) {
      model_->decoder().forward(*workspace_, std::span(&input, 1), result);
    } else {
      model_->decoder().hidden_states(*workspace_, std::span(&input, 1), result);
    }
    detail::scatter(output(), result, parts, targets.length(), outputs);
  }

  std::shared_ptr<const SpeechToText> model_;
  std::shared_ptr<Workspace> workspace_;
  DType cache_;
};

}  // namespace headformer
