#pragma once

#include <memory>
#include <utility>

#include "headformer/blocks/adapted_block.hpp"
#include "headformer/blocks/post_norm_block.hpp"
#include "headformer/blocks/pre_norm_block.hpp"
#include "headformer/blocks/weighted_stack.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/models/audio/audio_transformer.hpp"
#include "headformer/models/audio/family.hpp"
#include "headformer/models/audio/waveform_embeddings.hpp"
#include "headformer/nn/attention.hpp"
#include "headformer/nn/feed_forward.hpp"

namespace headformer {

/// The layers of wav2vec 2.0 and its heirs, by what their attention knows of positions.
template <class Position>
using WaveformLayer = PostNormBlock<LayerNorm, SelfAttention<Bidirectional, Position>, Mlp>;
/// Those with norms before the sub-layers ("stable").
template <class Position>
using StableWaveformLayer = PreNormBlock<LayerNorm, SelfAttention<Bidirectional, Position>, Mlp>;
/// The same with adapters of a language (MMS).
template <class Position>
using AdaptedWaveformLayer = AdaptedPreNormBlock<LayerNorm, SelfAttention<Bidirectional, Position>, Mlp>;

namespace detail {

template <class Embeddings, class Position>
HEADFORMER_COLD std::unique_ptr<AudioEncoder> make_waveform_layers(AudioEncoderConfig config, const Weights& weights) {
  using Layer = WaveformLayer<Position>;
  using StableLayer = StableWaveformLayer<Position>;
  using Weighted = AudioTransformer<Embeddings, LayerNorm, WeightedStack<Layer, NoNorm>, NoNorm>;
  using StableWeighted = AudioTransformer<Embeddings, NoNorm, WeightedStack<StableLayer, NoNorm>, NoNorm>;
  using Plain = AudioTransformer<Embeddings, LayerNorm, Stack<Layer>, NoNorm>;
  using Stable = AudioTransformer<Embeddings, NoNorm, Stack<StableLayer>, LayerNorm>;
  if (config.stable && config.layers.front().adapter.hidden_width > 0) {
    using AdaptedLayer = AdaptedWaveformLayer<Position>;
    using Adapted = AudioTransformer<Embeddings, NoNorm, Stack<AdaptedLayer>, LayerNorm>;
    using WeightedAdapted = AudioTransformer<Embeddings, NoNorm, WeightedStack<AdaptedLayer, NoNorm>, NoNorm>;
    if (config.weighted_layers) return make_audio_encoder<WeightedAdapted>(std::move(config), weights);
    return make_audio_encoder<Adapted>(std::move(config), weights);
  }
  if (config.weighted_layers && config.stable) return make_audio_encoder<StableWeighted>(std::move(config), weights);
  if (config.weighted_layers) return make_audio_encoder<Weighted>(std::move(config), weights);
  if (config.stable) return make_audio_encoder<Stable>(std::move(config), weights);
  return make_audio_encoder<Plain>(std::move(config), weights);
}

}  // namespace detail

/// The type that a config asks for: both kinds of norms between convolutions, both places of norms in the layers.
template <class Position>
HEADFORMER_COLD std::unique_ptr<AudioEncoder> make_waveform_encoder(AudioEncoderConfig config, const Weights& weights) {
  using ByColumns = WaveformEmbeddings<ColumnNorm, NoNorm>;
  using ByRows = WaveformEmbeddings<LayerNorm, LayerNorm>;
  if (config.hears_padding) return detail::make_waveform_layers<ByColumns, Position>(std::move(config), weights);
  return detail::make_waveform_layers<ByRows, Position>(std::move(config), weights);
}

}  // namespace headformer
