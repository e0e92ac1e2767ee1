#pragma once

#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/json_encoder.hpp"
#include "headformer/models/vision/config.hpp"

namespace headformer {

/// What a family's class takes where its config says nothing: here ViT's.
struct ImageDefaults {
  Index patch = 16;
  const char* activation = "gelu";
  double epsilon = 1e-12;
  Grid picture{224, 224};
};

namespace detail {

/// A side in pixels: one number, or [height, width].
HEADFORMER_COLD inline Grid read_sides(const JsonObject& config, const char* key, Grid fallback) {
  constexpr Index most = Index{1} << 16;
  if (!config.has(key)) return fallback;
  if (!config.is_array(key)) {
    const Index side = config.integer(key, 1, most);
    return {side, side};
  }
  const std::vector<Index> sides = config.integers(key, 1, most);
  if (sides.size() != 2) config.fail(key, "a number or [height, width]");
  return {sides[0], sides[1]};
}

}  // namespace detail

/// The keys about the pictures themselves, and the labels of a classifier.
HEADFORMER_COLD inline void read_picture(const JsonObject& config, const ImageDefaults& defaults,
                                         ImageEncoderConfig& result) {
  result.channels = config.integer_or("num_channels", 3, 1, 4096);
  result.picture = detail::read_sides(config, "image_size", defaults.picture);
  result.patch = detail::read_sides(config, "patch_size", {defaults.patch, defaults.patch});
  if (result.grid().count() == 0) config.fail("patch_size", "at most image_size " + to_string(result.picture));
  result.labels = read_labels(config);
}

/// The common keys of a Hugging Face config of an encoder of pictures: a class token, learned positions, biases.
HEADFORMER_COLD inline ImageEncoderConfig read_image_encoder(const JsonObject& config, std::string family,
                                                             ImageTask task, const ImageDefaults& defaults = {}) {
  EncoderDefaults encoder;
  encoder.activation = defaults.activation;
  encoder.epsilon = defaults.epsilon;
  LayerConfig layer = read_encoder_layer(config, encoder);
  layer.attention.bias = config.boolean_or("qkv_bias", true);

  ImageEncoderConfig result;
  result.family = std::move(family);
  result.task = task;
  read_picture(config, defaults, result);
  result.width = layer.norm.width;
  result.norm = layer.norm;
  result.layers.assign(read_layer_count(config), layer);
  result.tokens = {"class_token"};
  result.pooler.norm = layer.norm;
  return result;
}

}  // namespace headformer
