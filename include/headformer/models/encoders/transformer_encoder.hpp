#pragma once

#include <algorithm>
#include <utility>

#include "headformer/blocks/post_norm_block.hpp"
#include "headformer/blocks/stack.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/models/encoders/encoder.hpp"
#include "headformer/models/encoders/input_embeddings.hpp"
#include "headformer/models/encoders/make_heads.hpp"
#include "headformer/nn/attention.hpp"
#include "headformer/nn/feed_forward.hpp"

namespace headformer {

/// Whether the class has a head over the vocabulary that is the embedding.
inline EncoderConfig settle_tying(EncoderConfig config, const Weights& weights) {
  const bool vocabulary = config.task == EncoderTask::masked_lm || config.task == EncoderTask::pre_training;
  config.tied_output = vocabulary && settle_tying(config.tied_output, weights);
  return config;
}

/// Embeddings, layers, a norm where the family has one, and the heads of a class.
template <class Embeddings, Block Layers, Module FinalNorm, class Heads>
class TransformerEncoder final : public Encoder {
 public:
  Embeddings embeddings;
  Layers layers;
  FinalNorm final_norm;  // [D]

  HEADFORMER_COLD TransformerEncoder(EncoderConfig c, const Weights& weights)
      : Encoder(settle_tying(std::move(c), weights)),
        embeddings(config(), weights),
        layers(config().layers, weights),
        final_norm(config().norm, weights / "final_norm") {
    set_heads(Heads(config(), weights, embeddings.words).make());
    weights.finish();
    set_report(weights.report());
  }

 private:
  void run(Context& context, std::span<const EncoderInput> inputs, TensorView<float> hidden) const override {
    Scratch::Frame frame(context.scratch());
    const auto x = frame.take_rows<float>(hidden.rows(), config().embedding_width);
    Index row = 0;
    for (const EncoderInput& input : inputs) {
      const auto part = x.slice_rows(row, row + input.rows());
      if (!input.ids.empty()) {
        embeddings.words(context, input.ids, part);
      } else {
        for (Index r = 0; r < part.rows(); ++r) std::copy_n(input.embeddings.row(r), part.columns(), part.row(r));
      }
      row += part.rows();
    }
    embeddings(context, x, hidden);
    layers(context, hidden);
    final_norm(context, hidden, hidden);
  }
};

}  // namespace headformer
