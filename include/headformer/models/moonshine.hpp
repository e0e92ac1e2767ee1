#pragma once

#include <cmath>

#include "headformer/blocks/cross_block.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/models/audio/audio_transformer.hpp"
#include "headformer/models/audio/normed_waveform_embeddings.hpp"
#include "headformer/models/causal_lm/causal_lm.hpp"
#include "headformer/models/readers/json_encoder.hpp"
#include "headformer/models/readers/json_rotary.hpp"
#include "headformer/models/readers/moonshine_names.hpp"
#include "headformer/models/speech/family.hpp"
#include "headformer/models/speech/transformer_speech_to_text.hpp"

namespace headformer {

/// Moonshine (Jeffries et al. 2024, https://arxiv.org/abs/2410.15608): a waveform of any length, rotary positions, and
/// gates in the decoder alone.
using MoonshineEncoder =
    AudioTransformer<NormedWaveformEmbeddings, NoNorm,
                     Stack<PreNormBlock<LayerNorm, SelfAttention<Bidirectional, InterleavedRotary>, Mlp>>, LayerNorm>;
using MoonshineDecoder =
    CausalLm<NoPositions, PreNormCrossBlock<LayerNorm, SelfAttention<Causal, InterleavedRotary>, GatedMlp>, LayerNorm>;
using Moonshine = TransformerSpeechToText<MoonshineEncoder, MoonshineDecoder>;

namespace moonshine {

/// A side's layers.
HEADFORMER_COLD inline std::vector<LayerConfig> read_side(const JsonObject& json, const std::string& side,
                                                          const char* activation) {
  const std::string layers = side + "_num_hidden_layers";
  const std::string heads = side + "_num_attention_heads";
  const std::string activation_key = side + "_hidden_act";
  EncoderDefaults keys;
  keys.layers_key = layers.c_str();
  keys.heads_key = heads.c_str();
  keys.activation_key = activation_key.c_str();
  keys.epsilon_key = nullptr;
  keys.epsilon = 1e-5;
  keys.width = 288;
  keys.layers = 6;
  keys.heads = 8;
  keys.hidden_width = 1152;
  keys.activation = activation;
  LayerConfig layer = read_encoder_layer(json, keys);
  layer.norm.bias = false;
  AttentionConfig& attention = layer.attention;
  attention.bias = json.boolean_or("attention_bias", false);
  attention.output_bias = false;
  const std::string shared = side + "_num_key_value_heads";
  if (json.integer_or(shared, attention.heads, 1, detail::most_width) != attention.heads)
    json.fail(shared, std::to_string(attention.heads) + ", as many as " + heads);  // the reference fails otherwise
  attention.rotary = read_rotary(json, attention.head_width, {10000, 512, 0, 0.9});
  std::vector<LayerConfig> result(read_layer_count(json, keys), layer);
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i].attention.slot = static_cast<Index>(i);
    result[i].cross_attention = result[i].attention;
  }
  return result;
}

HEADFORMER_COLD inline SpeechToTextConfig config(const Checkpoint& checkpoint) {
  const JsonObject json = checkpoint.config();
  SpeechToTextConfig config;
  config.family = "Moonshine";
  config.start_id = read_id(json, "decoder_start_token_id", 1);
  config.end_id = read_id(json, "eos_token_id", 2);
  AudioEncoderConfig& encoder = config.encoder;
  encoder.family = config.family;
  encoder.hears_padding = true;
  encoder.layers = read_side(json, "encoder", "gelu");
  encoder.norm = encoder.layers.front().norm;
  const Index width = encoder.width = encoder.norm.width;
  encoder.convolutions = {{1, width, 127, 64, 0, false, kernels::Activation::tanh},
                          {width, 2 * width, 7, 3, 0, true, kernels::Activation::gelu},
                          {2 * width, width, 3, 2, 0, true, kernels::Activation::gelu}};
  encoder.mask_stride = 64 * 3 * 2;
  CausalLmConfig& decoder = config.decoder;
  decoder.family = config.family;
  decoder.layers = read_side(json, "decoder", "silu");
  decoder.norm = encoder.norm;
  decoder.width = width;
  decoder.vocabulary = detail::read_size(json, "vocab_size", 32768, std::numeric_limits<std::int32_t>::max());
  decoder.context_length = json.integer_or("max_position_embeddings", 512, 1, detail::most_width);
  decoder.tied_output = json.boolean_or("tie_word_embeddings", true);
  return config;
}

inline constexpr SpeechClass classes[] = {{"MoonshineModel", false}, {"MoonshineForConditionalGeneration", true}};
inline constexpr SpeechFamily family = {"Moonshine", classes, config, moonshine_names, make_speech_to_text<Moonshine>};

}  // namespace moonshine
}  // namespace headformer
