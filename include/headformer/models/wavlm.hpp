#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/audio/waveform_transformer.hpp"
#include "headformer/models/readers/json_audio.hpp"
#include "headformer/models/readers/waveform_names.hpp"
#include "headformer/nn/gated_relative_bias.hpp"

// WavLM (Chen et al. 2021, https://arxiv.org/abs/2110.13900): wav2vec 2.0's layers with gated relative positions, whose
// table all layers share.
namespace headformer::wavlm {

inline NameTable names() {
  NameTable table{waveform_rows, waveform_ignored};
  table.base = "wavlm";
  return table;
}

HEADFORMER_COLD inline AudioEncoderConfig config(const Checkpoint& checkpoint, AudioTask task) {
  const JsonObject json = checkpoint.config();
  AudioEncoderConfig config = read_waveform_encoder(json, "WavLM", task);
  if (json.has("adapter_attn_dim")) json.fail("adapter_attn_dim", "none, as the family has no such adapters");
  config.gives_features = true;
  RelativeBucketConfig relative;
  relative.rows = relative.buckets = json.integer_or("num_buckets", 320, 4, detail::most_width);
  relative.greatest_distance = json.integer_or("max_bucket_distance", 800, 1, detail::most_width);
  if (relative.greatest_distance <= relative.buckets / 4)
    json.fail("max_bucket_distance", "more than a quarter of num_buckets " + std::to_string(relative.buckets));
  for (LayerConfig& layer : config.layers) layer.attention.relative = relative;
  return config;
}

inline constexpr AudioClass classes[] = {
    {"WavLMModel", AudioTask::base},
    {"WavLMForCTC", AudioTask::ctc},
    {"WavLMForSequenceClassification", AudioTask::classification},
    {"WavLMForAudioFrameClassification", AudioTask::frame_classification},
    {"WavLMForXVector", AudioTask::speaker_vector},
};
inline constexpr AudioFamily family = {"WavLM", classes, config, names, make_waveform_encoder<GatedRelativeBias>};

}  // namespace headformer::wavlm
