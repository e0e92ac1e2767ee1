#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/json_image.hpp"
#include "headformer/models/readers/vit_names.hpp"
#include "headformer/models/vision/family.hpp"
#include "headformer/models/vision/vision_transformer.hpp"

namespace headformer {

/// AST (Gong et al. 2021, https://arxiv.org/abs/2104.01778): a spectrogram is a picture of overlapping patches, and the
/// mean of the class and the distillation token stands for it.
using AudioSpectrogramTransformer =
    VisionTransformer<NoNorm, Stack<VitLayer<>>, LayerNorm, ImageHeads<PoolerHead<NoTransform>, NormTransform>>;

namespace audio_spectrogram_transformer {

inline constexpr NameRow own_rows[] = {
    {"classifier.norm", "classifier.layernorm", ""},
    {"classifier.output", "classifier.dense", ""},
};
inline constexpr auto rows = with_rows(own_rows, vit_rows);
inline NameTable names() {
  NameTable table{rows, vit_ignored};
  table.base = "audio_spectrogram_transformer";
  return table;
}

HEADFORMER_COLD inline ImageEncoderConfig config(const Checkpoint& checkpoint, ImageTask task) {
  const JsonObject json = checkpoint.config();
  ImageEncoderConfig config = read_image_encoder(json, "AST", task);
  constexpr Index most = Index{1} << 16;
  config.channels = 1;
  config.picture = {json.integer_or("num_mel_bins", 128, 1, most), json.integer_or("max_length", 1024, 1, most)};
  config.stride = {json.integer_or("frequency_stride", 10, 1, most), json.integer_or("time_stride", 10, 1, most)};
  if (config.grid().count() == 0) json.fail("patch_size", "at most the spectrogram's " + to_string(config.picture));
  config.tokens = {"class_token", "distillation_token"};
  config.size_argument = false;
  config.pooler.width = config.width;
  config.pooler.pooling = config.classified = Pooling::first_two;
  return config;
}

inline constexpr ImageClass classes[] = {
    {"ASTModel", ImageTask::base},
    {"ASTForAudioClassification", ImageTask::classification},
};
inline constexpr ImageFamily family = {"AST", classes, config, names, make_image_encoder<AudioSpectrogramTransformer>};

}  // namespace audio_spectrogram_transformer
}  // namespace headformer
