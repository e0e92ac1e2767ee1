#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/audio/waveform_transformer.hpp"
#include "headformer/models/readers/json_audio.hpp"
#include "headformer/models/readers/waveform_names.hpp"

// HuBERT (Hsu et al. 2021, https://arxiv.org/abs/2106.07447): wav2vec 2.0's layers, trained otherwise.
namespace headformer::hubert {

inline NameTable names() {
  NameTable table{waveform_rows, waveform_ignored};
  table.base = "hubert";
  return table;
}

HEADFORMER_COLD inline AudioEncoderConfig config(const Checkpoint& checkpoint, AudioTask task) {
  const JsonObject json = checkpoint.config();
  AudioEncoderConfig config = read_waveform_encoder(json, "HuBERT", task);
  config.norms_features = json.boolean_or("feat_proj_layer_norm", true);
  read_language_adapters(checkpoint, config);
  return config;
}

inline constexpr AudioClass classes[] = {
    {"HubertModel", AudioTask::base},
    {"HubertForCTC", AudioTask::ctc},
    {"HubertForSequenceClassification", AudioTask::classification},
};
inline constexpr AudioFamily family = {"HuBERT", classes, config, names, make_waveform_encoder<NoRotary>};

}  // namespace headformer::hubert
