#pragma once

#include <cmath>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/json_image.hpp"
#include "headformer/models/readers/segformer_names.hpp"
#include "headformer/models/vision/family.hpp"
#include "headformer/models/vision/mix_transformer.hpp"

namespace headformer {

/// SegFormer (Xie et al. 2021, https://arxiv.org/abs/2105.15203).
using Segformer = MixTransformer;

namespace segformer {

/// A number for each stage.
HEADFORMER_COLD inline std::vector<Index> read_stages(const JsonObject& json, const char* key,
                                                      std::vector<Index> fallback, Index most) {
  std::vector<Index> values = json.has(key) ? json.integers(key, 1, most) : std::move(fallback);
  const auto stages = static_cast<std::size_t>(json.integer_or("num_encoder_blocks", 4, 1, 16));
  if (values.size() < stages) json.fail(key, "one for each of num_encoder_blocks " + std::to_string(stages));
  values.resize(stages);
  return values;
}

/// The layers of one stage.
HEADFORMER_COLD inline LayerConfig read_layer(const JsonObject& json, Index width, Index heads, Index reduction,
                                              double ratio) {
  LayerConfig layer;
  layer.norm = {width, 1e-5F};  // PyTorch's default, whatever layer_norm_eps says
  AttentionConfig& attention = layer.attention;
  attention.width = width;
  attention.heads = attention.key_value_heads = heads;
  if (width % heads != 0)
    json.fail("num_attention_heads", "divisors of hidden_sizes, here of " + std::to_string(width));
  attention.head_width = width / heads;
  attention.scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(attention.head_width)));
  attention.bias = attention.output_bias = true;
  attention.reduction = reduction;
  attention.head_norm = layer.norm;
  layer.feed_forward = {width, static_cast<Index>(static_cast<double>(width) * ratio),
                        detail::read_activation(json, "hidden_act", "gelu"), true};
  return layer;
}

HEADFORMER_COLD inline ImageEncoderConfig config(const Checkpoint& checkpoint, ImageTask task) {
  const JsonObject json = checkpoint.config();
  ImageEncoderConfig config;
  config.family = "SegFormer";
  config.task = task;
  config.channels = json.integer_or("num_channels", 3, 1, 4096);
  config.labels = read_labels(json);
  config.learned_positions = config.size_argument = false;
  config.as_map = json.boolean_or("reshape_last_stage", true);
  constexpr Index most_pixels = 4096;
  config.depths = read_stages(json, "depths", {2, 2, 2, 2}, detail::most_layers);
  const std::vector<Index> widths = read_stages(json, "hidden_sizes", {32, 64, 160, 256}, detail::most_width);
  const std::vector<Index> sides = read_stages(json, "patch_sizes", {7, 3, 3, 3}, most_pixels);
  const std::vector<Index> strides = read_stages(json, "strides", {4, 2, 2, 2}, most_pixels);
  const std::vector<Index> heads = read_stages(json, "num_attention_heads", {1, 2, 5, 8}, detail::most_width);
  const std::vector<Index> reductions = read_stages(json, "sr_ratios", {8, 4, 2, 1}, most_pixels);
  std::vector<double> ratios(widths.size(), 4);
  if (json.has("mlp_ratios")) ratios = json.numbers("mlp_ratios", 0, 1024);
  if (ratios.size() < widths.size()) json.fail("mlp_ratios", "one for each of num_encoder_blocks");
  Index inputs = config.channels;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const kernels::PatchWindow window{{sides[i], sides[i]}, {strides[i], strides[i]}, {sides[i] / 2, sides[i] / 2}};
    config.stages.push_back({inputs, widths[i], window});
    const LayerConfig layer = read_layer(json, widths[i], heads[i], reductions[i], ratios[i]);
    config.layers.insert(config.layers.end(), static_cast<std::size_t>(config.depths[i]), layer);
    inputs = widths[i];
  }
  config.patch = config.stages.front().window.size;
  config.stride = config.stages.front().window.stride;
  config.norm = config.layers.back().norm;
  config.width = widths.back();
  if (task == ImageTask::segmentation)
    config.width =
        static_cast<Index>(widths.size()) * json.integer_or("decoder_hidden_size", 256, 1, detail::most_width);
  config.classified = Pooling::patches;
  return config;
}

inline constexpr ImageClass classes[] = {
    {"SegformerModel", ImageTask::base},
    {"SegformerForImageClassification", ImageTask::classification},
    {"SegformerForSemanticSegmentation", ImageTask::segmentation},
};
inline constexpr ImageFamily family = {"SegFormer", classes, config, segformer_names, make_image_encoder<Segformer>};

}  // namespace segformer
}  // namespace headformer
