#pragma once

#include <memory>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/models/dual/family.hpp"
#include "headformer/models/encoders/positioned_encoder.hpp"
#include "headformer/models/readers/json_tower.hpp"
#include "headformer/models/readers/tower_names.hpp"
#include "headformer/models/vision/attention_pooler.hpp"
#include "headformer/models/vision/vision_transformer.hpp"

namespace headformer {

namespace siglip {

/// The last row of a text, through a matrix.
class TextHeads {
 public:
  TextHeads(const EncoderConfig& config, const Weights& weights, const Embedding&)
      : config_(config), weights_(weights) {}

  HEADFORMER_COLD EncoderHeads make() const {
    EncoderHeads result;
    const Index width = config_.width;
    if (config_.task == EncoderTask::base) result.push_back(std::make_unique<HiddenStates>(width));
    const Index projected = config_.heads.projected;
    result.push_back(std::make_unique<ClassificationHead<NoTransform>>(
        EncoderOutput{{"pooler_output"}, projected}, config_.heads.pooler,
        NoTransform(width, config_.heads.pooler, weights_),
        Linear({width, {{"output", projected}}, true}, weights_ / "pooler")));
    return result;
  }

 private:
  const EncoderConfig& config_;
  const Weights& weights_;
};

}  // namespace siglip

/// SigLIP's towers (Zhai et al. 2023, https://arxiv.org/abs/2303.15343): a text sees all of itself, padding too, and
/// its last row stands for it; a picture has no class token and is pooled by attention.
using SiglipText =
    TransformerEncoder<PositionedWords<LearnedPositions>, Stack<VitLayer<>>, LayerNorm, siglip::TextHeads>;
using SiglipImage = VisionTransformer<NoNorm, Stack<VitLayer<>>, LayerNorm, ImageHeads<AttentionPooler>>;

namespace siglip {

inline constexpr auto rows = with_rows(
    {{"text.pooler.output", "text_model.head|head", ""},
     {"image.final_norm", "vision_model.post_layernorm|post_layernorm", ""},
     {"image.pooler.probe", "vision_model.head.probe|head.probe", "", Transform::flattened},
     {"image.pooler.attn.query.weight", "vision_model.head.attention.in_proj_weight|head.attention.in_proj_weight", ""},
     {"image.pooler.attn.key.weight", "vision_model.head.attention.in_proj_weight|head.attention.in_proj_weight", ""},
     {"image.pooler.attn.value.weight", "vision_model.head.attention.in_proj_weight|head.attention.in_proj_weight", ""},
     {"image.pooler.attn.query.bias", "vision_model.head.attention.in_proj_bias|head.attention.in_proj_bias", ""},
     {"image.pooler.attn.key.bias", "vision_model.head.attention.in_proj_bias|head.attention.in_proj_bias", ""},
     {"image.pooler.attn.value.bias", "vision_model.head.attention.in_proj_bias|head.attention.in_proj_bias", ""},
     {"image.pooler.attn.output", "vision_model.head.attention.out_proj|head.attention.out_proj", ""},
     {"image.pooler.ff_norm", "vision_model.head.layernorm|head.layernorm", ""},
     {"image.pooler.ff.up", "vision_model.head.mlp.fc1|head.mlp.fc1", ""},
     {"image.pooler.ff.down", "vision_model.head.mlp.fc2|head.mlp.fc2", ""}},
    tower_rows);
inline constexpr std::string_view text_ignored[] = {"position_ids", "vision_model.", "logit_scale", "logit_bias"};
inline constexpr std::string_view image_ignored[] = {"position_ids", "text_model.", "logit_scale", "logit_bias",
                                                     "head."};
inline constexpr std::string_view ignored[] = {"position_ids"};
inline NameTable text_names() { return {rows, text_ignored}; }
inline NameTable image_names() { return {rows, image_ignored}; }
inline NameTable names() { return {rows, ignored}; }

HEADFORMER_COLD inline EncoderConfig text_config(const Checkpoint& checkpoint) {
  EncoderDefaults defaults;
  defaults.vocabulary = 32000;
  defaults.positions = 64;
  defaults.activation = "gelu_pytorch_tanh";
  defaults.epsilon = 1e-6;
  defaults.padding_id = 1;
  const JsonObject json = tower_config(checkpoint.config(), "text");
  EncoderConfig config = read_encoder(json, "SigLIP", defaults);
  config.heads.pooler.pooling = Pooling::last;
  config.heads.projected = json.integer_or("projection_size", config.width, 1, detail::most_width);
  return config;
}
HEADFORMER_COLD inline ImageEncoderConfig image_config(const Checkpoint& checkpoint, ImageTask task) {
  const JsonObject json = checkpoint.config();
  const JsonObject tower = tower_config(json, "vision");
  ImageEncoderConfig config = read_image_encoder(tower, "SigLIP", task, {16, "gelu_pytorch_tanh", 1e-6});
  config.tokens.clear();
  if (tower.boolean_or("vision_use_head", true)) config.pooler.width = config.width;
  config.classified = Pooling::patches;
  config.labels = read_labels(json);
  return config;
}

HEADFORMER_COLD inline std::unique_ptr<DualEncoder> make(const Checkpoint& checkpoint, const Weights& weights) {
  EncoderConfig text = text_config(checkpoint);
  text.task = EncoderTask::shared_space;
  return make_dual_encoder<SiglipText, SiglipImage>(std::move(text), image_config(checkpoint, ImageTask::shared_space),
                                                    weights, ContrastiveLoss::sigmoid);
}

inline constexpr EncoderClass text_classes[] = {{"SiglipTextModel", EncoderTask::base}};
inline constexpr ImageClass image_classes[] = {
    {"SiglipVisionModel", ImageTask::base},
    {"SiglipForImageClassification", ImageTask::classification},
};
inline constexpr EncoderFamily text_family = {"SigLIP",   "siglip_text_model",        "", text_classes, text_config,
                                              text_names, make_text_tower<SiglipText>};
inline constexpr ImageFamily image_family = {"SigLIP", image_classes, image_config, image_names,
                                             make_image_tower<SiglipImage>};
inline constexpr DualFamily family = {"SigLIP", "SiglipModel", names, make};

}  // namespace siglip
}  // namespace headformer
