#pragma once

#include <cmath>

#include "headformer/blocks/cross_block.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/models/audio/audio_transformer.hpp"
#include "headformer/models/causal_lm/causal_lm.hpp"
#include "headformer/models/readers/json_encoder.hpp"
#include "headformer/models/readers/json_rotary.hpp"
#include "headformer/models/speech/family.hpp"
#include "headformer/models/speech/transformer_speech_to_text.hpp"
#include "headformer/nn/group_norm.hpp"

namespace headformer {

/// Frames of a waveform through three convolutions, with a norm of all of the first's rows together behind it.
struct NormedWaveformEmbeddings {
  TemporalConvolution first;   // [D, 127]
  GroupNorm norm;              // [D]
  TemporalConvolution second;  // [2 D, 7 * D]
  TemporalConvolution third;   // [D, 3 * 2 D]

  HEADFORMER_COLD NormedWaveformEmbeddings(const AudioEncoderConfig& config, const Weights& weights)
      : first(config.convolutions[0], weights / "first"),
        norm({config.width}, weights / "norm"),
        second(config.convolutions[1], weights / "second"),
        third(config.convolutions[2], weights / "third") {}

  void operator()(Context& context, std::span<const AudioInput> inputs, TensorView<float> x) const {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Scratch::Frame frame(context.scratch());
      const auto run = [&](const TemporalConvolution& convolution, TensorView<const float> from) {
        const auto to = frame.take<float>(Shape{convolution.config.rows(from.rows()), convolution.config.outputs});
        convolution(context, from, to);
        return to;
      };
      const auto normed = run(first, TensorView<const float>(inputs[i].sound.data(), {inputs[i].sound.size(0), 1}));
      norm(context, normed, normed);
      const auto frames = run(third, run(second, normed));
      const BatchSequence& sequence = context.batch().sequences[i];
      for (Index r = 0; r < sequence.rows; ++r) std::copy_n(frames.row(r), x.columns(), x.row(sequence.first_row + r));
    }
  }
};

/// Moonshine (Jeffries et al. 2024, https://arxiv.org/abs/2410.15608): a waveform of any length, rotary positions, and
/// gates in the decoder alone.
using MoonshineEncoder =
    AudioTransformer<NormedWaveformEmbeddings, NoNorm,
                     Stack<PreNormBlock<LayerNorm, SelfAttention<Bidirectional, InterleavedRotary>, Mlp>>, LayerNorm>;
using MoonshineDecoder =
    CausalLm<NoPositions, PreNormCrossBlock<LayerNorm, SelfAttention<Causal, InterleavedRotary>, GatedMlp>, LayerNorm>;
using Moonshine = TransformerSpeechToText<MoonshineEncoder, MoonshineDecoder>;

namespace moonshine {

inline constexpr NameRow rows[] = {
    {"encoder.embedding.first", "encoder.conv1", "", Transform::windows},
    {"encoder.embedding.norm", "encoder.groupnorm", ""},
    {"encoder.embedding.second", "encoder.conv2", "", Transform::windows},
    {"encoder.embedding.third", "encoder.conv3", "", Transform::windows},
    {"encoder.layers.#.attn_norm", "encoder.layers.#.input_layernorm", ""},
    {"encoder.layers.#.attn.query", "encoder.layers.#.self_attn.q_proj", ""},
    {"encoder.layers.#.attn.key", "encoder.layers.#.self_attn.k_proj", ""},
    {"encoder.layers.#.attn.value", "encoder.layers.#.self_attn.v_proj", ""},
    {"encoder.layers.#.attn.output", "encoder.layers.#.self_attn.o_proj", ""},
    {"encoder.layers.#.ff_norm", "encoder.layers.#.post_attention_layernorm", ""},
    {"encoder.layers.#.ff.up", "encoder.layers.#.mlp.fc1", ""},
    {"encoder.layers.#.ff.down", "encoder.layers.#.mlp.fc2", ""},
    {"encoder.final_norm", "encoder.layer_norm", ""},
    {"decoder.embedding", "decoder.embed_tokens", ""},
    {"decoder.layers.#.attn_norm", "decoder.layers.#.input_layernorm", ""},
    {"decoder.layers.#.attn.query", "decoder.layers.#.self_attn.q_proj", ""},
    {"decoder.layers.#.attn.key", "decoder.layers.#.self_attn.k_proj", ""},
    {"decoder.layers.#.attn.value", "decoder.layers.#.self_attn.v_proj", ""},
    {"decoder.layers.#.attn.output", "decoder.layers.#.self_attn.o_proj", ""},
    {"decoder.layers.#.cross_norm", "decoder.layers.#.post_attention_layernorm", ""},
    {"decoder.layers.#.cross.query", "decoder.layers.#.encoder_attn.q_proj", ""},
    {"decoder.layers.#.cross.key", "decoder.layers.#.encoder_attn.k_proj", ""},
    {"decoder.layers.#.cross.value", "decoder.layers.#.encoder_attn.v_proj", ""},
    {"decoder.layers.#.cross.output", "decoder.layers.#.encoder_attn.o_proj", ""},
    {"decoder.layers.#.ff_norm", "decoder.layers.#.final_layernorm", ""},
    {"decoder.layers.#.ff.gate", "decoder.layers.#.mlp.fc1", "", Transform::halves_swapped},
    {"decoder.layers.#.ff.up", "decoder.layers.#.mlp.fc1", "", Transform::halves_swapped},
    {"decoder.layers.#.ff.down", "decoder.layers.#.mlp.fc2", ""},
    {"decoder.output_norm", "decoder.norm", ""},
    {"decoder.output", "proj_out", ""},
};
inline constexpr std::string_view ignored[] = {"proj_out.weight"};
inline NameTable names() {
  NameTable table{rows, ignored};
  table.base = "model";
  return table;
}

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
inline constexpr SpeechFamily family = {"Moonshine", classes, config, names, make_speech_to_text<Moonshine>};

}  // namespace moonshine
}  // namespace headformer
