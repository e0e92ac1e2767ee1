#pragma once

#include <cmath>
#include <memory>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/models/dual/family.hpp"
#include "headformer/models/encoders/positioned_encoder.hpp"
#include "headformer/models/readers/json_tower.hpp"
#include "headformer/models/readers/tower_names.hpp"
#include "headformer/models/vision/vision_transformer.hpp"

namespace headformer {

namespace clip {

/// The row of a text's end, as it is or projected.
class TextHeads {
 public:
  TextHeads(const EncoderConfig& config, const Weights& weights, const Embedding&)
      : config_(config), weights_(weights) {}

  HEADFORMER_COLD EncoderHeads make() const {
    EncoderHeads result;
    const Index width = config_.width;
    if (config_.task != EncoderTask::shared_space) result.push_back(std::make_unique<HiddenStates>(width));
    const TransformConfig& pooler = config_.heads.pooler;
    if (config_.task == EncoderTask::base) {
      result.push_back(std::make_unique<PoolerHead<NoTransform>>(width, pooler, weights_));
      return result;
    }
    const Index projected = config_.heads.projected;
    result.push_back(std::make_unique<ClassificationHead<NoTransform>>(
        EncoderOutput{{"text_embeds"}, projected}, pooler, NoTransform(width, pooler, weights_),
        Linear({width, {{"output", projected}}, false}, weights_ / "projection")));
    return result;
  }

 private:
  const EncoderConfig& config_;
  const Weights& weights_;
};

}  // namespace clip

/// CLIP's towers (Radford et al. 2021, https://arxiv.org/abs/2103.00020): a text sees what came before, and its end
/// stands for it; a picture's class token is normed before the layers and after.
using ClipText = TransformerEncoder<PositionedWords<LearnedPositions>,
                                    Stack<PreNormBlock<LayerNorm, SelfAttention<CausalInPass, NoRotary>, Mlp>>,
                                    LayerNorm, clip::TextHeads>;
using ClipImage = VisionTransformer<LayerNorm, Stack<VitLayer<>>, NoNorm,
                                    ImageHeads<PoolerHead<NormTransform>, NoTransform, NormTransform>>;

namespace clip {

inline constexpr auto rows = with_rows({{"image.pooler.norm", "vision_model.post_layernorm|post_layernorm", ""},
                                        {"image.projection.norm", "vision_model.post_layernorm|post_layernorm", ""}},
                                       tower_rows);
inline constexpr std::string_view text_ignored[] = {"position_ids", "vision_model.", "visual_projection",
                                                    "text_projection", "logit_scale"};
inline constexpr std::string_view image_ignored[] = {"position_ids",      "text_model.", "text_projection",
                                                     "visual_projection", "logit_scale", "post_layernorm"};
inline constexpr std::string_view ignored[] = {"position_ids"};
inline NameTable text_names() { return {rows, text_ignored}; }
inline NameTable image_names() { return {rows, image_ignored}; }
inline NameTable names() { return {rows, ignored}; }

HEADFORMER_COLD inline EncoderConfig read_text(const JsonObject& json) {
  EncoderDefaults defaults;
  defaults.vocabulary = 49408;
  defaults.width = 512;
  defaults.heads = 8;
  defaults.hidden_width = 2048;
  defaults.positions = 77;
  defaults.activation = "quick_gelu";
  defaults.epsilon = 1e-5;
  defaults.padding_id = 1;
  EncoderConfig config = read_encoder(json, "CLIP", defaults);
  config.heads.projected = json.integer_or("projection_dim", 512, 1, detail::most_width);
  // Files that say 2 are older than the key's use: their end is the greatest id.
  TransformConfig& pooler = config.heads.pooler;
  pooler.pooling = Pooling::marked;
  pooler.marked = read_id(json, "eos_token_id", 49407);
  if (pooler.marked == 2) pooler.marked.reset();
  return config;
}
HEADFORMER_COLD inline ImageEncoderConfig read_image(const JsonObject& json, ImageTask task) {
  ImageEncoderConfig config = read_image_encoder(json, "CLIP", task, {32, "quick_gelu", 1e-5});
  config.patch_bias = false;
  config.pooler.width = config.width;
  config.classified = Pooling::patches;
  config.projected = json.integer_or("projection_dim", 512, 1, detail::most_width);
  return config;
}

HEADFORMER_COLD inline EncoderConfig text_config(const Checkpoint& checkpoint) {
  return read_text(tower_config(checkpoint.config(), "text"));
}
HEADFORMER_COLD inline ImageEncoderConfig image_config(const Checkpoint& checkpoint, ImageTask task) {
  const JsonObject json = checkpoint.config();
  ImageEncoderConfig config = read_image(tower_config(json, "vision"), task);
  config.labels = read_labels(json);
  return config;
}

HEADFORMER_COLD inline std::unique_ptr<DualEncoder> make(const Checkpoint& checkpoint, const Weights& weights) {
  const JsonObject json = checkpoint.config();
  EncoderConfig text = text_config(checkpoint);
  ImageEncoderConfig image = image_config(checkpoint, ImageTask::shared_space);
  text.task = EncoderTask::shared_space;
  text.heads.projected = image.projected = json.integer_or("projection_dim", 512, 1, detail::most_width);
  return make_dual_encoder<ClipText, ClipImage>(std::move(text), std::move(image), weights, ContrastiveLoss::softmax);
}

inline constexpr EncoderClass text_classes[] = {
    {"CLIPTextModel", EncoderTask::base},
    {"CLIPTextModelWithProjection", EncoderTask::projection},
};
inline constexpr ImageClass image_classes[] = {
    {"CLIPVisionModel", ImageTask::base},
    {"CLIPVisionModelWithProjection", ImageTask::projection},
    {"CLIPForImageClassification", ImageTask::classification},
};
inline constexpr EncoderFamily text_family = {"CLIP",     "clip_text_model",        "", text_classes, text_config,
                                              text_names, make_text_tower<ClipText>};
inline constexpr ImageFamily image_family = {"CLIP", image_classes, image_config, image_names,
                                             make_image_tower<ClipImage>};
inline constexpr DualFamily family = {"CLIP", "CLIPModel", names, make};

}  // namespace clip
}  // namespace headformer
