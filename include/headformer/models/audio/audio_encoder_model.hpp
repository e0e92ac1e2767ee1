#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "headformer/models/audio/sound_rows.hpp"

namespace headformer {

/// An encoder of sound as a Model: input_values [B, samples] and attention_mask [B, samples], or input_features [B, C,
/// frames] -> what its heads put out, under the reference's names, and extract_features where the class gives them.
/// Frames past a row's own are 0; a row of which nothing is left has 0 everywhere.
class AudioEncoderModel final : public Model {
 public:
  AudioEncoderModel(std::shared_ptr<const AudioEncoder> encoder, std::shared_ptr<Workspace> workspace)
      : encoder_(std::move(encoder)), workspace_(std::move(workspace)) {}

  NamedTensors forward(const NamedTensors& inputs) override {
    detail::InputReader reader(inputs);
    const detail::SoundRows sounds(reader, encoder_->config());
    reader.expect_all_known();
    if (sounds.frames() == 0) encoder_->rows(sounds.input(0));  // says what is too short
    NamedTensors outputs;
    for (const auto& head : encoder_->heads()) {
      const EncoderOutput& output = head->output();
      for (const std::string& name : output.names) outputs.emplace(name, padded(output, sounds));
    }
    const bool features = encoder_->config().gives_features && encoder_->config().task == AudioTask::base;
    if (features) {
      const Index width = encoder_->config().convolutions.back().outputs;
      outputs.emplace("extract_features", Tensor<float>(Shape{sounds.count(), sounds.frames(), width}));
    }
    // One after another: their bits do not depend on each other, and the memory of one is used for the next.
    for (Index b = 0; b < sounds.count(); ++b) {
      if (sounds.frames(b) > 0) run(sounds, b, features, outputs);
    }
    return outputs;
  }

 private:
  static Index width_of(const EncoderOutput& output) { return output.width / static_cast<Index>(output.names.size()); }

  static Tensor<float> padded(const EncoderOutput& output, const detail::SoundRows& sounds) {
    if (!output.per_token) return Tensor<float>(Shape{sounds.count(), width_of(output)});
    return Tensor<float>(Shape{sounds.count(), sounds.frames(), width_of(output)});
  }

  void run(const detail::SoundRows& sounds, Index b, bool features, NamedTensors& outputs) {
    const AudioInput input = sounds.input(b);
    const Index frames = encoder_->rows(input);
    std::vector<Tensor<float>> results;
    std::vector<TensorView<float>> views;
    for (const auto& head : encoder_->heads()) {
      const EncoderOutput& output = head->output();
      views.push_back(results.emplace_back(Shape{output.per_token ? frames : 1, output.width}));
    }
    const auto write = [&](const std::string& name, TensorView<const float> rows) {
      auto& to = std::get<Tensor<float>>(outputs.at(name));
      float* at = to.view().row(b);
      for (Index r = 0; r < rows.rows(); ++r, at += rows.columns()) std::copy_n(rows.row(r), rows.columns(), at);
    };
    const Observer observer = [&](std::string_view name, TensorView<float> value) {
      if (name == "features") write("extract_features", value);
    };
    encoder_->forward(*workspace_, std::span(&input, 1), views, features ? &observer : nullptr);
    for (std::size_t i = 0; i < views.size(); ++i) {
      const EncoderOutput& output = encoder_->heads()[i]->output();
      for (std::size_t n = 0; n < output.names.size(); ++n) {
        const Index column = static_cast<Index>(n) * width_of(output);
        write(output.names[n], views[i].slice_columns(column, column + width_of(output)));
      }
    }
  }

  std::shared_ptr<const AudioEncoder> encoder_;
  std::shared_ptr<Workspace> workspace_;
};

}  // namespace headformer
