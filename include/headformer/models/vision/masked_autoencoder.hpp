#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/models/vision/vision_transformer.hpp"

namespace headformer {

/// A picture's rows of which only the first patches in its order are left (He et al. 2021,
/// https://arxiv.org/abs/2111.06377).
struct ShuffledEmbeddings {
  ImageEmbeddings all;

  HEADFORMER_COLD ShuffledEmbeddings(const ImageEncoderConfig& config, const Weights& weights) : all(config, weights) {}

  /// The pictures of the batch. Shapes: x [T, D].
  void operator()(Context& context, std::span<const ImageInput> inputs, TensorView<float> x) const {
    Scratch::Frame frame(context.scratch());
    ImageEmbeddings::PlacedPositions placed;
    const Index leading = all.leading.size(0);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const BatchSequence& sequence = context.batch().sequences[i];
      const auto rows = frame.take_rows<float>(leading + sequence.grid.count(), x.columns());
      all.embed(context, inputs[i], sequence.grid, placed, rows, frame);
      for (Index r = 0; r < sequence.rows; ++r) {
        const Index from = r < leading ? r : leading + sequence.order[static_cast<std::size_t>(r - leading)];
        std::copy_n(rows.row(from), x.columns(), x.row(sequence.first_row + r));
      }
    }
  }
};

/// The pixels of every patch, from layers that see the rows of those that were left and a mask's row for the others.
/// One set of positions: pictures are of the size it was made for.
class MaskedDecoder final : public EncoderHead {
 public:
  Linear embedding;          // [E, D]
  Tensor<float> mask_token;  // [1, E]
  Tensor<float> positions;   // [1 + patches, E]
  Stack<VitLayer<>> layers;
  LayerNorm norm;  // [E]
  Linear output;   // [pixels of a patch, E]

  HEADFORMER_COLD MaskedDecoder(const ImageEncoderConfig& config, const Weights& weights)
      : EncoderHead(shape(config)),
        embedding({config.width, {{"embedding", width(config)}}, true}, weights),
        mask_token(weights.table("mask_token", Shape{1, width(config)})),
        positions(weights.table("positions", Shape{1 + config.grid().count(), width(config)})),
        layers(config.decoder_layers, weights),
        norm(config.decoder_layers.front().norm, weights / "norm"),
        output({width(config), {{"output", config.channels * config.patch.count()}}, true}, weights) {}

  void operator()(Context& context, TensorView<const float> hidden, TensorView<float> y) const override {
    Scratch::Frame frame(context.scratch());
    const auto seen = frame.take_rows<float>(hidden.rows(), embedding.outputs());
    embedding(context, hidden, seen);
    const Index each = positions.size(0);
    Batch batch;
    for (Index i = 0; i < y.rows(); ++i) batch.sequences.push_back({i * each, each, each, nullptr, {}});
    batch.positions.resize(static_cast<std::size_t>(y.rows() * each), 0);
    const auto x = frame.take_rows<float>(y.rows() * each, seen.columns());
    for (Index i = 0; i < y.rows(); ++i) {
      const BatchSequence& sequence = context.batch().sequences[static_cast<std::size_t>(i)];
      unshuffle(sequence, seen.slice_rows(sequence.first_row, sequence.first_row + sequence.rows),
                x.slice_rows(i * each, (i + 1) * each));
    }
    Context inside(context.compute(), context.scratch(), context.scratch(), batch);
    layers(inside, x);
    norm(inside, x, x);
    for (Index i = 0; i < y.rows(); ++i) {
      const TensorView<float> pixels(y.row(i), Shape{each - 1, output.outputs()});
      output(inside, x.slice_rows(i * each + 1, (i + 1) * each), pixels);
    }
  }

 private:
  static Index width(const ImageEncoderConfig& config) { return config.decoder_layers.front().norm.width; }
  static EncoderOutput shape(const ImageEncoderConfig& config) {
    const Index patches = config.grid().count();
    EncoderOutput result{{"logits"}, patches * config.channels * config.patch.count()};
    result.rows = patches;
    return result;
  }

  void unshuffle(const BatchSequence& sequence, TensorView<const float> seen, TensorView<float> x) const {
    if (static_cast<Index>(sequence.order.size()) + 1 != x.rows())
      throw ArgumentError("pixel_values: expected pictures of " + std::to_string(x.rows() - 1) + " patches, found " +
                          std::to_string(sequence.order.size()));
    std::copy_n(seen.row(0), x.columns(), x.row(0));
    for (std::size_t i = 0; i < sequence.order.size(); ++i) {
      const Index row = 1 + static_cast<Index>(i);
      std::copy_n(row < seen.rows() ? seen.row(row) : mask_token.data(), x.columns(), x.row(1 + sequence.order[i]));
    }
    for (Index r = 0; r < x.rows(); ++r) {
      for (Index c = 0; c < x.columns(); ++c) x.row(r)[c] += positions.view().row(r)[c];
    }
  }
};

/// The hidden states, or the pixels that a decoder makes of them.
class MaskedAutoencoderHeads {
 public:
  MaskedAutoencoderHeads(const ImageEncoderConfig& config, const Weights& weights)
      : config_(config), weights_(weights) {}

  HEADFORMER_COLD std::vector<std::unique_ptr<EncoderHead>> make() const {
    std::vector<std::unique_ptr<EncoderHead>> result;
    if (config_.task == ImageTask::masked_pixels) {
      result.push_back(std::make_unique<MaskedDecoder>(config_, weights_ / "decoder"));
    } else {
      result.push_back(std::make_unique<HiddenStates>(config_.width));
    }
    return result;
  }

 private:
  const ImageEncoderConfig& config_;
  const Weights& weights_;
};

}  // namespace headformer
