#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/json_dense.hpp"
#include "headformer/models/readers/json_image.hpp"
#include "headformer/models/readers/vit_names.hpp"
#include "headformer/models/vision/family.hpp"
#include "headformer/models/vision/tapped_transformer.hpp"
#include "headformer/models/vision/vision_transformer.hpp"

namespace headformer {

/// DPT (Ranftl et al. 2021, https://arxiv.org/abs/2103.13413): ViT, and what is made of several of its layers.
using Dpt = TappedTransformer<VitLayer<>, NoNorm>;

namespace dpt {

inline constexpr auto rows = with_rows({{"top.projection", ".head.projection", "", Transform::windows},
                                        {"top.first", ".head.head.0", "", Transform::windows},
                                        {"top.second", ".head.head.2", "", Transform::windows},
                                        {"top.third", ".head.head.4", "", Transform::flattened},
                                        {"top.convolution", ".head.head.0", "", Transform::windows},
                                        {"top.norm", ".head.head.1", ""},
                                        {"top.output", ".head.head.4", "", Transform::flattened}},
                                       with_rows(neck_rows, vit_rows));
/// The first unit beside has nothing to be beside of; the last norm is the base class's.
inline constexpr std::string_view ignored[] = {"pooler.", "neck.", "head.", "layernorm.", "num_batches_tracked"};
inline NameTable names() {
  NameTable table{rows, ignored};
  table.base = "dpt";
  return table;
}

HEADFORMER_COLD inline ImageEncoderConfig config(const Checkpoint& checkpoint, ImageTask task) {
  const JsonObject json = checkpoint.config();
  if (json.boolean_or("is_hybrid", false)) json.fail("is_hybrid", "false");
  if (json.has("backbone_config")) json.fail("backbone_config", "none: layers of the model's own");
  if (json.has("backbone")) json.fail("backbone", "none: layers of the model's own");
  ImageDefaults defaults;
  defaults.picture = {384, 384};
  ImageEncoderConfig config = read_image_encoder(json, "DPT", task, defaults);
  config.any_size = true;
  config.size_argument = false;
  config.resampling = kernels::Resampling::bilinear;
  config.pooler.width = json.integer_or("pooler_output_size", config.width, 1, detail::most_width);
  config.pooler.activation = detail::read_activation(json, "pooler_act", "tanh");
  if (task == ImageTask::base) return config;

  DensePredictionConfig& dense = config.dense;
  std::vector<Index> taps{2, 5, 8, 11};
  const auto layers = static_cast<Index>(config.layers.size());
  if (json.has("backbone_out_indices")) taps = json.integers("backbone_out_indices", 0, detail::most_layers);
  for (Index& tap : taps) ++tap;
  set_taps(json, "backbone_out_indices", std::move(taps), layers, dense);
  read_neck(json, {96, 192, 384, 768}, 256, dense);
  const std::string readout = json.string_or("readout_type", "project");
  if (readout != "ignore" && readout != "add" && readout != "project")
    json.fail("readout_type", "\"ignore\", \"add\" or \"project\"");
  dense.readout = readout == "add" ? Readout::add : readout == "ignore" ? Readout::ignore : Readout::project;
  dense.readout_activation = config.layers.front().feed_forward.activation;
  dense.batch_norm = json.boolean_or("use_batch_norm_in_fusion_residual", false);
  dense.residual_bias = json.boolean_or("use_bias_in_fusion_residual", !dense.batch_norm);
  dense.projection = task == ImageTask::depth && json.boolean_or("add_projection", false);
  if (dense.projection && dense.fused != 256) json.fail("fusion_hidden_size", "256, which add_projection is made for");
  config.width *= static_cast<Index>(dense.taps.size());
  return config;
}

HEADFORMER_COLD inline std::unique_ptr<ImageEncoder> make(ImageEncoderConfig config, const Weights& weights) {
  using Base = VisionTransformer<NoNorm, Stack<VitLayer<>>, LayerNorm, ImageHeads<PoolerHead<>>>;
  if (config.task == ImageTask::base) return make_image_encoder<Base>(std::move(config), weights);
  return make_image_encoder<Dpt>(std::move(config), weights);
}

inline constexpr ImageClass classes[] = {
    {"DPTModel", ImageTask::base},
    {"DPTForDepthEstimation", ImageTask::depth},
    {"DPTForSemanticSegmentation", ImageTask::segmentation},
};
inline constexpr ImageFamily family = {"DPT", classes, config, names, make};

}  // namespace dpt
}  // namespace headformer
