#pragma once

#include <utility>

#include "headformer/blocks/cross_block.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/models/causal_lm/causal_lm.hpp"
#include "headformer/models/encoders/positioned_encoder.hpp"
#include "headformer/models/seq2seq/sequence_to_sequence.hpp"
#include "headformer/nn/normed_positions.hpp"
#include "headformer/nn/sinusoids.hpp"

namespace headformer {

/// The layers of most families: those of the encoder, and those of the decoder, which attend to what it makes.
using PreNormSourceLayer = PreNormBlock<LayerNorm, SelfAttention<Bidirectional, NoRotary>, Mlp>;
using PreNormTargetLayer = PreNormCrossBlock<LayerNorm, SelfAttention<Causal, NoRotary>, Mlp>;
using PostNormSourceLayer = PostNormBlock<LayerNorm, SelfAttention<Bidirectional, NoRotary>, Mlp>;
using PostNormTargetLayer = PostNormCrossBlock<LayerNorm, SelfAttention<Causal, NoRotary>, Mlp>;

/// The encoder of an encoder-decoder, whose heads are those of the whole.
template <class Positions, Block Layer, Module FinalNorm>
using SourceEncoder = PositionedEncoder<Positions, Layer, FinalNorm>;

/// An encoder and a decoder whose layers attend to what it makes of a source.
template <class SourceEncoder, class Decoder>
class TransformerSequenceToSequence final : public SequenceToSequence {
 public:
  SourceEncoder source_encoder;
  Decoder target_decoder;

  HEADFORMER_COLD TransformerSequenceToSequence(Seq2SeqConfig given, const Weights& weights)
      : SequenceToSequence(settle(std::move(given), weights)),
        source_encoder(config().encoder, weights / "encoder"),
        target_decoder(config().decoder, weights / "decoder",
                       config().shares_embedding ? &source_encoder.embeddings.words.table : nullptr) {
    if (config().task != Seq2SeqTask::generation) set_heads(make_heads(weights));
    weights.finish();
    set_report(weights.report());
  }

  const Encoder& encoder() const override { return source_encoder; }
  const CausalLanguageModel& decoder() const override { return target_decoder; }

 private:
  /// Published checkpoints hold a bias of the head or leave it out, which stands for zeros; no config says which.
  static Seq2SeqConfig settle(Seq2SeqConfig config, const Weights& weights) {
    config.decoder.has_output = config.task == Seq2SeqTask::generation;
    config.decoder.output_bias = config.decoder.has_output && weights.has("decoder.output.bias");
    return config;
  }

  HEADFORMER_COLD EncoderHeads make_heads(const Weights& weights) const {
    EncoderConfig heads = config().encoder;
    heads.width = config().decoder.width;
    heads.task = head_task(config().task);
    return HeadMaker<NoTransform, DenseTransform>(heads, weights, source_encoder.embeddings.words).make();
  }

  void write_source(Context& context, TensorView<const float> hidden) const override {
    for (const auto& layer : target_decoder.layers.layers) layer.cross.remember(context, hidden);
  }
};

}  // namespace headformer
