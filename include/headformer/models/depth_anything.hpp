#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/models/dinov2.hpp"
#include "headformer/models/readers/json_dense.hpp"
#include "headformer/models/vision/tapped_transformer.hpp"

namespace headformer {

/// Depth Anything (Yang et al. 2024, https://arxiv.org/abs/2401.10891, https://arxiv.org/abs/2406.09414): DPT's neck
/// over DINOv2, by its feed-forwards and by whether what is looked at is normed.
template <Module FeedForward, Module TapNorm>
using DepthAnything = TappedTransformer<Dinov2Layer<FeedForward>, TapNorm>;

namespace depth_anything {

inline constexpr auto rows = with_rows({{"top.first", ".head.conv1", "", Transform::windows},
                                        {"top.second", ".head.conv2", "", Transform::windows},
                                        {"top.third", ".head.conv3", "", Transform::flattened}},
                                       with_rows(neck_rows, dinov2::rows));
/// The first unit beside has nothing to be beside of.
inline constexpr std::string_view ignored[] = {"mask_token", "layernorm.", "fusion_stage.layers.0.residual_layer1."};
inline NameTable names() {
  NameTable table{rows, ignored};
  table.base = "backbone";
  return table;
}

/// Which of the backbone's results are looked at: by number, the embeddings' being 0 and those below 0 counted from the
/// end, or by name; the last where nothing is said.
HEADFORMER_COLD inline std::vector<Index> read_taps(const JsonObject& backbone, Index layers) {
  if (backbone.has("out_indices")) {
    std::vector<Index> taps = backbone.integers("out_indices", -layers - 1, layers);
    for (Index& tap : taps) tap += tap < 0 ? layers + 1 : 0;
    return taps;
  }
  if (!backbone.has("out_features")) return {layers};
  std::vector<Index> taps;
  for (const std::string& name : backbone.strings("out_features")) {
    Index tap = name == "stem" ? 0 : -1;
    for (Index i = 1; i <= layers && tap < 0; ++i) tap = name == "stage" + std::to_string(i) ? i : -1;
    if (tap < 0) backbone.fail("out_features", "\"stem\", or \"stage1\" to \"stage" + std::to_string(layers) + "\"");
    taps.push_back(tap);
  }
  return taps;
}

HEADFORMER_COLD inline ImageEncoderConfig config(const Checkpoint& checkpoint, ImageTask task) {
  const JsonObject json = checkpoint.config();
  const JsonObject backbone = json.object("backbone_config");
  if (const std::string type = backbone.string_or("model_type", "dinov2"); type != "dinov2")
    backbone.fail("model_type", "\"dinov2\"");
  ImageEncoderConfig config = dinov2::read(backbone, "Depth Anything", task, 14);
  if (const Grid patch = detail::read_sides(json, "patch_size", {14, 14}); !(patch == config.patch))
    json.fail("patch_size", "that of backbone_config, " + to_string(config.patch));
  DensePredictionConfig& dense = config.dense;
  const auto layers = static_cast<Index>(config.layers.size());
  set_taps(backbone, "out_indices", read_taps(backbone, layers), layers, dense);
  dense.normed = backbone.boolean_or("apply_layernorm", true);
  if (backbone.boolean_or("reshape_hidden_states", true)) backbone.fail("reshape_hidden_states", "false");
  read_neck(json, {48, 96, 192, 384}, 64, dense);
  if (json.integer_or("reassemble_hidden_size", 384, 1, detail::most_width) != config.width)
    json.fail("reassemble_hidden_size", "backbone_config's hidden_size " + std::to_string(config.width));
  dense.readout = Readout::ignore;
  dense.sized = true;
  dense.head_width = json.integer_or("head_hidden_size", 32, 1, detail::most_width);
  const std::string type = json.string_or("depth_estimation_type", "relative");
  if (type != "relative" && type != "metric") json.fail("depth_estimation_type", "\"relative\" or \"metric\"");
  if (type == "metric") dense.depth = kernels::Activation::sigmoid;
  dense.greatest = static_cast<float>(json.number_or("max_depth", 1));
  config.width *= static_cast<Index>(dense.taps.size());
  return config;
}

HEADFORMER_COLD inline std::unique_ptr<ImageEncoder> make(ImageEncoderConfig config, const Weights& weights) {
  const bool normed = config.dense.normed;
  if (config.layers.front().feed_forward.gated) {
    if (normed) return make_image_encoder<DepthAnything<GatedMlp, LayerNorm>>(std::move(config), weights);
    return make_image_encoder<DepthAnything<GatedMlp, NoNorm>>(std::move(config), weights);
  }
  if (normed) return make_image_encoder<DepthAnything<Mlp, LayerNorm>>(std::move(config), weights);
  return make_image_encoder<DepthAnything<Mlp, NoNorm>>(std::move(config), weights);
}

inline constexpr ImageClass classes[] = {
    {"DepthAnythingForDepthEstimation", ImageTask::depth},
};
inline constexpr ImageFamily family = {"Depth Anything", classes, config, names, make};

}  // namespace depth_anything
}  // namespace headformer
