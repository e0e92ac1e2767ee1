#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "headformer/models/model.hpp"
#include "headformer/models/vision/image_encoder.hpp"
#include "headformer/models/vision/patch_order.hpp"

namespace headformer {

namespace detail {

/// The pictures of a call by name: pixel_values [B, C, H, W], bool_masked_pos [B, patches], interpolate_pos_encoding
/// [1].
class ImageRows {
 public:
  /// Throws ArgumentError for shapes that do not fit. The tensors outlive this.
  ImageRows(InputReader& reader, const ImageEncoderConfig& config) {
    pixels_ = reader.find<float>("pixel_values");
    if (pixels_ == nullptr) throw ArgumentError("inputs: expected pixel_values, found none");
    if (pixels_->shape().rank() != 4 || pixels_->count() == 0)
      throw ArgumentError("input pixel_values: expected [B, C, H, W], found " + to_string(pixels_->shape()));
    if (config.mask_token) read_mask(reader);
    if (config.masked_share) read_noise(reader);
    if (config.size_argument) resamples_ = read_flag(reader, "interpolate_pos_encoding");
  }

  Index count() const { return pixels_->size(0); }

  std::vector<ImageInput> inputs() const {
    std::vector<ImageInput> result(static_cast<std::size_t>(count()));
    const Shape one{pixels_->size(1), pixels_->size(2), pixels_->size(3)};
    const std::size_t patches = masked_.size() / result.size();
    for (std::size_t i = 0; i < result.size(); ++i) {
      result[i].pixels = {pixels_->data() + static_cast<Index>(i) * one.count(), one};
      result[i].masked = std::span(masked_).subspan(i * patches, patches);
      if (!orders_.empty()) result[i].order = orders_[i];
      result[i].resamples_positions = resamples_;
    }
    return result;
  }

 private:
  void read_mask(InputReader& reader) {
    const Tensor<std::int64_t>* const mask = reader.find<std::int64_t>("bool_masked_pos");
    if (mask == nullptr) return;
    if (mask->shape().rank() != 2 || mask->size(0) != count())
      throw ArgumentError("input bool_masked_pos: expected [" + std::to_string(count()) + ", patches], found " +
                          to_string(mask->shape()));
    for (Index i = 0; i < mask->count(); ++i) masked_.push_back(mask->data()[i] != 0 ? 1 : 0);
  }

  void read_noise(InputReader& reader) {
    const Tensor<float>* const noise = reader.find<float>("noise");
    if (noise == nullptr) throw ArgumentError("inputs: expected noise, found none");
    if (noise->shape().rank() != 2 || noise->size(0) != count())
      throw ArgumentError("input noise: expected [" + std::to_string(count()) + ", patches], found " +
                          to_string(noise->shape()));
    for (Index i = 0; i < count(); ++i) orders_.push_back(order_of(noise->view().row_span(i)));
  }

  static bool read_flag(InputReader& reader, const char* name) {
    const Tensor<std::int64_t>* const flag = reader.find<std::int64_t>(name);
    if (flag == nullptr) return false;
    expect_shape(name, flag->shape(), Shape{1});
    return flag->data()[0] != 0;
  }

  const Tensor<float>* pixels_ = nullptr;
  std::vector<std::uint8_t> masked_;
  std::vector<std::vector<Index>> orders_;
  bool resamples_ = false;
};

/// One picture's part of an output under one name, out of a head's rows: those of its patches as squares of a picture,
/// or as they are.
inline void write_picture(const EncoderOutput& output, TensorView<const float> rows, Grid grid, float* to) {
  if (output.pixels == 0) {
    for (Index r = 0; r < rows.rows(); ++r) to = std::copy_n(rows.row(r), rows.columns(), to);
    return;
  }
  const Index side = output.pixels;
  const Index width = grid.width * side;
  for (Index r = 0; r < rows.rows(); ++r) {
    const float* from = rows.row(r);
    float* const corner = to + r / grid.width * side * width + r % grid.width * side;
    for (Index line = 0; line < rows.columns() / side; ++line, from += side) {
      const Index channel = line / side;
      std::copy_n(from, side, corner + (channel * grid.height * side + line % side) * width);
    }
  }
}

/// The shape of an output over a batch of pictures of one size.
inline Shape picture_shape(const EncoderOutput& output, Index pictures, Index rows, Grid grid, Index width) {
  if (!output.per_token && output.rows > 0) return {pictures, output.rows, width / output.rows};
  if (!output.per_token) return {pictures, width};
  if (output.pixels == 0) return {pictures, rows, width};
  if (output.scalars) return {pictures, grid.height, grid.width};
  const Index side = output.pixels;
  return {pictures, width / (side * side), grid.height * side, grid.width * side};
}

}  // namespace detail

/// An encoder of pictures as a Model: pixel_values [B, C, H, W], and where the class has them bool_masked_pos [B,
/// patches] and interpolate_pos_encoding [1] -> what its heads put out, under the reference's names.
class ImageEncoderModel final : public Model {
 public:
  ImageEncoderModel(std::shared_ptr<const ImageEncoder> encoder, std::shared_ptr<Workspace> workspace)
      : encoder_(std::move(encoder)), workspace_(std::move(workspace)) {}

  NamedTensors forward(const NamedTensors& inputs) override {
    detail::InputReader reader(inputs);
    const detail::ImageRows pictures(reader, encoder_->config());
    reader.expect_all_known();
    return run(pictures.inputs());
  }

 private:
  NamedTensors run(const std::vector<ImageInput>& inputs) {
    const auto count = static_cast<Index>(inputs.size());
    std::vector<Tensor<float>> results;
    std::vector<TensorView<float>> views;
    for (const auto& head : encoder_->heads())
      views.push_back(
          results.emplace_back(Shape{count * encoder_->head_rows(*head, inputs.front()), head->output().width}));
    encoder_->forward(*workspace_, inputs, views);

    NamedTensors outputs;
    for (std::size_t i = 0; i < views.size(); ++i) {
      const EncoderHead& head = *encoder_->heads()[i];
      const EncoderOutput& output = head.output();
      const Grid grid = head.map(encoder_->output_grid(encoder_->grid(inputs.front())));
      const Index each = views[i].rows() / count;
      const Index rows = output.patches ? grid.count() : each;
      const Index width = output.width / static_cast<Index>(output.names.size());
      for (std::size_t n = 0; n < output.names.size(); ++n) {
        Tensor<float> tensor(detail::picture_shape(output, count, rows, grid, width));
        const Index column = static_cast<Index>(n) * width;
        for (Index item = 0; item < count; ++item) {
          const Index end = (item + 1) * each;
          detail::write_picture(output, views[i].slice_rows(end - rows, end).slice_columns(column, column + width),
                                grid, tensor.data() + item * rows * width);
        }
        outputs.emplace(output.names[n], std::move(tensor));
      }
    }
    if (encoder_->config().masked_share) write_masking(inputs, outputs);
    return outputs;
  }

  /// Which patches were left out, and where each lies in its picture's order.
  void write_masking(const std::vector<ImageInput>& inputs, NamedTensors& outputs) const {
    const auto patches = static_cast<Index>(inputs.front().order.size());
    Tensor<float> mask(Shape{static_cast<Index>(inputs.size()), patches});
    Tensor<float> restore(mask.shape());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const std::vector<Index> places = places_in(inputs[i].order);
      for (Index p = 0; p < patches; ++p) {
        const Index place = places[static_cast<std::size_t>(p)];
        mask.view().row(static_cast<Index>(i))[p] = place < encoder_->config().kept(patches) ? 0.0F : 1.0F;
        restore.view().row(static_cast<Index>(i))[p] = static_cast<float>(place);
      }
    }
    outputs.emplace("mask", std::move(mask));
    outputs.emplace("ids_restore", std::move(restore));
  }

  std::shared_ptr<const ImageEncoder> encoder_;
  std::shared_ptr<Workspace> workspace_;
};

}  // namespace headformer
