#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "headformer/models/encoders/grouped_encoder.hpp"
#include "headformer/models/vision/config.hpp"

namespace headformer {

/// One picture, normalised as the checkpoint's preprocessor says.
struct ImageInput {
  TensorView<const float> pixels;             ///< [C, H, W]
  std::span<const std::uint8_t> masked = {};  ///< [patches], 1 where the mask's row stands in; empty: nowhere
  std::span<const Index> order = {};          ///< [patches], of a masked autoencoder: those to keep first
  bool resamples_positions = false;           ///< takes a picture of any size where the class would not by itself
};

/// The mask's row in the places of masked patches. Shapes: mask_token [1, D], patches [P, D] in place.
inline void replace_masked(const ImageInput& input, const Tensor<float>& mask_token, TensorView<float> patches) {
  for (std::size_t p = 0; p < input.masked.size(); ++p) {
    if (input.masked[p] != 0) std::copy_n(mask_token.data(), patches.columns(), patches.row(static_cast<Index>(p)));
  }
}

/// An encoder of pictures of any family, with the heads of its class: pixels in, hidden states or what the heads make
/// of them out. Immutable, shareable between threads; what changes lives in the workspace.
class ImageEncoder : public GroupedEncoder<ImageEncoderConfig, ImageInput> {
 public:
  /// Patches of a picture. Throws ArgumentError where the picture has other channels, is smaller than a patch, or of a
  /// size that its positions are not made for.
  Grid grid(const ImageInput& input) const {
    const Shape& shape = input.pixels.shape();
    if (shape.rank() != 3 || shape[0] != config().channels)
      throw ArgumentError("pixel_values: expected [" + std::to_string(config().channels) + ", H, W] a picture, found " +
                          to_string(shape));
    const Grid picture{shape[1], shape[2]};
    const bool fixed = config().learned_positions && !config().any_size && !input.resamples_positions;
    if (fixed && !(picture == config().picture))
      throw ArgumentError("pixel_values: expected pictures of " + to_string(config().picture) +
                          " (or interpolate_pos_encoding), found " + to_string(picture));
    const Grid patches = places(picture);
    if (patches.count() == 0)
      throw ArgumentError("pixel_values: expected pictures of at least one patch of " + to_string(config().patch) +
                          ", found " + to_string(picture));
    return patches;
  }

  /// Rows of a picture. Throws ArgumentError as grid(), and for a mask that does not fit.
  Index rows(const ImageInput& input) const override {
    const Grid patches = grid(input);
    detail::expect_one_a_row("bool_masked_pos", input.masked, patches.count());
    if (!input.masked.empty() && !config().mask_token)
      throw ArgumentError("bool_masked_pos: expected none of a model without a mask token, found one");
    check_order(input.order, patches.count());
    return config().leading() + config().kept(output_grid(patches).count());
  }

  /// The places that a picture's last rows stand for: its patches, unless layers merge them.
  virtual Grid output_grid(Grid patches) const { return patches; }

 protected:
  using GroupedEncoder::GroupedEncoder;

  /// Where patches lie on a picture: as many as fit, unless what is left over is filled up with zeros.
  virtual Grid places(Grid picture) const { return config().window().places(picture); }

 private:
  void check_order(std::span<const Index> order, Index patches) const {
    if (!config().masked_share) {
      if (!order.empty()) throw ArgumentError("order: expected none of a model that keeps all patches, found one");
      return;
    }
    if (static_cast<Index>(order.size()) != patches)
      detail::fail_count("order", static_cast<std::size_t>(patches), order.size());
    std::vector<bool> seen(order.size());
    for (const Index patch : order) {
      if (patch < 0 || patch >= patches || seen[static_cast<std::size_t>(patch)])
        throw ArgumentError("order: expected each patch of 0 to " + std::to_string(patches - 1) + " once, found " +
                            std::to_string(patch));
      seen[static_cast<std::size_t>(patch)] = true;
    }
  }

  Grid map(const ImageInput& input) const override { return output_grid(grid(input)); }

  void append(const ImageInput& input, Batch& batch) const override {
    BatchSequence sequence{batch.rows(), rows(input), 0, nullptr, {}};
    sequence.total_length = sequence.rows;
    sequence.grid = map(input);
    sequence.order = input.order;
    batch.sequences.push_back(sequence);
    batch.positions.resize(static_cast<std::size_t>(sequence.first_row + sequence.rows));
    std::iota(batch.positions.end() - sequence.rows, batch.positions.end(), 0);
  }
};

}  // namespace headformer
