#pragma once

#include <memory>
#include <utility>

#include "headformer/blocks/weighted_stack.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/models/audio/audio_transformer.hpp"
#include "headformer/models/audio/family.hpp"
#include "headformer/models/audio/log_mel_embeddings.hpp"
#include "headformer/models/readers/bart.hpp"
#include "headformer/models/readers/json_audio.hpp"
#include "headformer/models/seq2seq/transformer_sequence_to_sequence.hpp"
#include "headformer/models/speech/family.hpp"
#include "headformer/models/speech/transformer_speech_to_text.hpp"

namespace headformer {

/// Whisper (Radford et al. 2022, https://arxiv.org/abs/2212.04356).
using WhisperEncoder = AudioTransformer<LogMelEmbeddings, NoNorm, Stack<PreNormSourceLayer>, LayerNorm>;
using WeightedWhisperEncoder =
    AudioTransformer<LogMelEmbeddings, NoNorm, WeightedStack<PreNormSourceLayer, LayerNorm>, NoNorm>;
using Whisper = TransformerSpeechToText<WhisperEncoder, CausalLm<LearnedPositions, PreNormTargetLayer, LayerNorm>>;

namespace whisper {

inline constexpr NameRow own_rows[] = {
    {"encoder.embedding.first", "encoder.conv1", "", Transform::windows},
    {"encoder.embedding.second", "encoder.conv2", "", Transform::windows},
    {"encoder.embedding.positions", "encoder.embed_positions", ""},
    {"encoder.layer_weights", "layer_weights", ""},
    {"encoder.classifier.dense", "projector", ""},
    {"encoder.classifier.output", "classifier", ""},
    {"decoder.embedding", "decoder.embed_tokens", ""},
    {"decoder.output", "proj_out", ""},
};
inline constexpr auto rows = with_rows(own_rows, bart_rows);
inline constexpr std::string_view ignored[] = {"proj_out.weight"};
inline NameTable names() {
  NameTable table{rows, ignored};
  table.base = "model";
  return table;
}

HEADFORMER_COLD inline SpeechToTextConfig config(const Checkpoint& checkpoint) {
  BartDefaults defaults;
  defaults.vocabulary = 51865;
  defaults.width = 384;
  defaults.encoder_layers = defaults.decoder_layers = 4;
  defaults.heads = 6;
  defaults.hidden_width = 1536;
  defaults.padding_id = defaults.end_id = 50256;
  defaults.start_id = 50257;
  const JsonObject json = checkpoint.config();
  Seq2SeqConfig sides = read_bart(json, "Whisper", defaults);
  for (LayerConfig& layer : sides.encoder.layers) layer.attention.key_bias = false;
  for (LayerConfig& layer : sides.decoder.layers) layer.attention.key_bias = layer.cross_attention.key_bias = false;

  SpeechToTextConfig config;
  config.family = sides.family;
  config.start_id = sides.start_id;
  config.end_id = sides.end_id;
  config.alignment_filter = json.integer_or("median_filter_width", 7, 1, 1 << 16);
  if (config.alignment_filter % 2 == 0) json.fail("median_filter_width", "an odd number");
  config.decoder = std::move(sides.decoder);
  config.decoder.embedding_scale = 1;  // the reference reads scale_embedding and does nothing with it
  config.decoder.context_length = config.decoder.learned_positions =
      json.integer_or("max_target_positions", 448, 1, detail::most_width);
  AudioEncoderConfig& encoder = config.encoder;
  encoder.family = config.family;
  encoder.input = "input_features";
  encoder.takes_mask = false;  // a frame of 30 seconds is heard whole
  encoder.channels = json.integer_or("num_mel_bins", 80, 2, detail::most_width);
  encoder.learned_positions = json.integer_or("max_source_positions", 1500, 1, detail::most_width);
  encoder.frames = 2 * encoder.learned_positions;
  encoder.width = sides.encoder.width;
  encoder.norm = sides.encoder.norm;
  encoder.layers = std::move(sides.encoder.layers);
  encoder.convolutions = {{encoder.channels, encoder.width, 3, 1, 1, true, kernels::Activation::gelu},
                          {encoder.width, encoder.width, 3, 2, 1, true, kernels::Activation::gelu}};
  return config;
}

HEADFORMER_COLD inline AudioEncoderConfig encoder_config(const Checkpoint& checkpoint, AudioTask task) {
  AudioEncoderConfig encoder = config(checkpoint).encoder;
  encoder.task = task;
  read_audio_classifier(checkpoint.config(), encoder);
  return encoder;
}

HEADFORMER_COLD inline std::unique_ptr<AudioEncoder> make_encoder_alone(AudioEncoderConfig config,
                                                                        const Weights& weights) {
  const Weights below = weights / "encoder";
  std::unique_ptr<AudioEncoder> encoder = config.weighted_layers
                                              ? make_audio_encoder<WeightedWhisperEncoder>(std::move(config), below)
                                              : make_audio_encoder<WhisperEncoder>(std::move(config), below);
  weights.finish();
  return encoder;
}

inline constexpr SpeechClass classes[] = {{"WhisperModel", false}, {"WhisperForConditionalGeneration", true}};
inline constexpr AudioClass encoder_classes[] = {{"WhisperForAudioClassification", AudioTask::classification}};
inline constexpr SpeechFamily family = {"Whisper", classes, config, names, make_speech_to_text<Whisper>};
inline constexpr AudioFamily encoder_family = {"Whisper", encoder_classes, encoder_config, names, make_encoder_alone};

}  // namespace whisper
}  // namespace headformer
