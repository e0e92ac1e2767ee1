#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "headformer/models/dual/dual_encoder.hpp"
#include "headformer/models/sequence_rows.hpp"
#include "headformer/models/vision/image_encoder_model.hpp"

namespace headformer {

/// Two towers as a Model: input_ids [T, L], attention_mask, position_ids, pixel_values [I, C, H, W],
/// interpolate_pos_encoding [1] -> text_embeds [T, width], image_embeds [I, width], logits_per_text [T, I],
/// logits_per_image [I, T]. A text of which the mask leaves nothing has zeros.
class DualEncoderModel final : public Model {
 public:
  DualEncoderModel(std::shared_ptr<const DualEncoder> encoder, std::shared_ptr<Workspace> workspace)
      : encoder_(std::move(encoder)), workspace_(std::move(workspace)) {}

  NamedTensors forward(const NamedTensors& inputs) override {
    detail::InputReader reader(inputs);
    const detail::ImageRows pictures(reader, encoder_->image().config());
    detail::SequenceNames names;
    names.embeddings = "";
    const detail::SequenceRows rows(reader, names, 2);

    Tensor<float> images(Shape{pictures.count(), encoder_->width()});
    encoder_->embed(*workspace_, pictures.inputs(), images);
    Tensor<float> texts = embed(rows);
    Tensor<float> per_text(Shape{texts.size(0), images.size(0)});
    Tensor<float> per_image(Shape{images.size(0), texts.size(0)});
    encoder_->similarity()(texts, images, per_text);
    encoder_->similarity()(images, texts, per_image);
    NamedTensors outputs;
    outputs.emplace("logits_per_text", std::move(per_text));
    outputs.emplace("logits_per_image", std::move(per_image));
    outputs.emplace("text_embeds", std::move(texts));
    outputs.emplace("image_embeds", std::move(images));
    return outputs;
  }

 private:
  Tensor<float> embed(const detail::SequenceRows& rows) {
    const Encoder& encoder = encoder_->text();
    std::vector<detail::SequenceRow> texts;
    std::vector<Index> places;
    for (Index i = 0; i < rows.count(); ++i) {
      detail::SequenceRow row = rows.row(i, encoder.config().counts_columns);
      if (row.columns.empty()) continue;
      if (row.positions.empty()) row.positions = rows.own_positions(encoder.numbering(), i, row);
      texts.push_back(std::move(row));
      places.push_back(i);
    }
    std::vector<EncoderInput> inputs(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      inputs[i].ids = texts[i].ids;
      inputs[i].positions = texts[i].positions;
      inputs[i].key_bias = texts[i].key_bias;
    }
    Tensor<float> vectors(Shape{static_cast<Index>(inputs.size()), encoder_->width()});
    if (!inputs.empty()) encoder_->embed(*workspace_, inputs, vectors);
    Tensor<float> result(Shape{rows.count(), encoder_->width()});
    for (std::size_t i = 0; i < places.size(); ++i)
      std::copy_n(vectors.view().row(static_cast<Index>(i)), encoder_->width(), result.view().row(places[i]));
    return result;
  }

  std::shared_ptr<const DualEncoder> encoder_;
  std::shared_ptr<Workspace> workspace_;
};

}  // namespace headformer
