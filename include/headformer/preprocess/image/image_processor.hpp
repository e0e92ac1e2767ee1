#pragma once

#include <array>
#include <cmath>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/preprocess/image/resize.hpp"

namespace headformer {

/// What a picture goes through before a model sees it.
struct ImageProcessorConfig {
  bool resizes = true;
  Grid size{224, 224};      ///< in pixels
  Index shortest_edge = 0;  ///< in place of `size`: the other edge follows; 0: none
  ResizeFilter filter = ResizeFilter::bilinear;
  bool crops = false;
  Grid crop{224, 224};
  bool rescales = true;
  double factor = 1.0 / 255;
  bool normalises = true;
  std::array<float, 3> mean{0.5F, 0.5F, 0.5F};
  std::array<float, 3> deviation{0.5F, 0.5F, 0.5F};
};

/// Makes pixel_values of pictures as the reference's Pillow-backed processors (ImageProcessorPil) do: three channels,
/// resized, cropped around the centre, rescaled, normalised. Immutable, shareable between threads.
class ImageProcessor {
 public:
  explicit ImageProcessor(const ImageProcessorConfig& config) : config_(config) {}
  /// Of a preprocessor_config.json. Throws ConfigError for a class that is not known and for values out of range.
  HEADFORMER_COLD explicit ImageProcessor(const JsonObject& json) : config_(read(json)) {}

  const ImageProcessorConfig& config() const { return config_; }

  /// Shapes: -> [3, H, W].
  Tensor<float> operator()(const Picture& picture) const {
    Picture rgb = to_rgb(picture);
    if (config_.resizes) rgb = resize(rgb, resized(rgb.size()), config_.filter);
    if (config_.crops) rgb = cropped(rgb, config_.crop);
    Tensor<float> result(Shape{3, rgb.size().height, rgb.size().width});
    for (Index c = 0; c < 3; ++c) {
      const auto channel = static_cast<std::size_t>(c);
      float* to = result.view().row(c);
      for (Index y = 0; y < rgb.size().height; ++y) {
        for (Index x = 0; x < rgb.size().width; ++x) {
          const std::uint8_t stored = rgb.row(y)[3 * x + c];
          float value = config_.rescales ? static_cast<float>(stored * config_.factor) : static_cast<float>(stored);
          if (config_.normalises) value = (value - config_.mean[channel]) / config_.deviation[channel];
          *to++ = value;
        }
      }
    }
    return result;
  }

  /// The size that a picture is resized to.
  Grid resized(Grid picture) const {
    const Index edge = config_.shortest_edge;
    if (edge == 0) return config_.size;
    const auto other = [&](Index longer, Index shorter) {
      return static_cast<Index>(static_cast<double>(edge * longer) / static_cast<double>(shorter));
    };
    if (picture.width <= picture.height) return {other(picture.height, picture.width), edge};
    return {edge, other(picture.width, picture.height)};
  }

  /// The middle of a picture, with black around it where it is smaller.
  static Picture cropped(const Picture& picture, Grid size) {
    Picture result(size, picture.channels());
    // Where the crop begins: beyond the picture by the half rounded up, inside it by the half rounded down.
    const auto begin = [](Index from, Index to) { return from >= to ? (from - to) / 2 : -((to - from + 1) / 2); };
    const Index top = begin(picture.size().height, size.height);
    const Index left = begin(picture.size().width, size.width);
    const Index first = std::max<Index>(-left, 0);
    const Index last = std::min(picture.size().width - left, size.width);
    const Index channels = picture.channels();
    for (Index y = 0; y < size.height; ++y) {
      if (top + y < 0 || top + y >= picture.size().height) continue;
      std::copy_n(picture.row(top + y) + (left + first) * channels, (last - first) * channels,
                  result.row(y) + first * channels);
    }
    return result;
  }

 private:
  static constexpr Index most = Index{1} << 14;

  /// What a class does where its file says nothing.
  HEADFORMER_COLD static ImageProcessorConfig defaults(const JsonObject& json) {
    ImageProcessorConfig config;
    const char* const key = json.has("image_processor_type") ? "image_processor_type" : "feature_extractor_type";
    std::string name = json.string(key);
    for (const std::string_view end : {"Fast", "Pil", "ImageProcessor", "FeatureExtractor"}) {
      if (name.ends_with(end)) name.resize(name.size() - end.size());
    }
    const std::array<float, 3> clip_mean{0.48145466F, 0.4578275F, 0.40821073F};
    const std::array<float, 3> clip_deviation{0.26862954F, 0.26130258F, 0.27577711F};
    if (name == "ViT") return config;
    config.filter = ResizeFilter::bicubic;
    if (name == "Siglip" || name == "Beit") return config;
    config.crops = true;
    if (name == "DeiT") {
      config.size = {256, 256};
      return config;
    }
    config.mean = clip_mean;
    config.deviation = clip_deviation;
    config.shortest_edge = 224;
    if (name == "CLIP" || name == "Bit") return config;
    json.fail(key, "the image processor of ViT, DeiT, Beit, Siglip, CLIP or Bit");
  }

  /// A side, [height, width], {height, width} or, where the caller knows what to do with it, {shortest_edge}.
  HEADFORMER_COLD static void read_size(const JsonObject& json, const char* key, Grid& size, Index* shortest_edge) {
    if (!json.has(key)) return;
    if (json.is_array(key)) {
      const std::vector<Index> sides = json.integers(key, 1, most);
      if (sides.size() != 2) json.fail(key, "a number, [height, width], or an object");
      size = {sides[0], sides[1]};
      if (shortest_edge != nullptr) *shortest_edge = 0;
      return;
    }
    if (json.is_object(key)) {
      const JsonObject sides = json.object(key);
      if (sides.has("longest_edge") || sides.has("max_height"))
        json.fail(key, "height and width, or shortest_edge alone");
      if (shortest_edge != nullptr && sides.has("shortest_edge")) {
        *shortest_edge = sides.integer("shortest_edge", 1, most);
        return;
      }
      size = {sides.integer("height", 1, most), sides.integer("width", 1, most)};
      if (shortest_edge != nullptr) *shortest_edge = 0;
      return;
    }
    const Index side = json.integer(key, 1, most);
    if (shortest_edge != nullptr && *shortest_edge > 0) {
      *shortest_edge = side;
    } else {
      size = {side, side};
    }
  }

  HEADFORMER_COLD static void read_channels(const JsonObject& json, const char* key, bool positive,
                                            std::array<float, 3>& values) {
    if (!json.has(key)) return;
    const double least = positive ? 1e-12 : -1e6;
    const std::vector<double> found =
        json.is_array(key) ? json.numbers(key, least, 1e6) : std::vector<double>(3, json.number(key, least, 1e6));
    if (found.size() != 3) json.fail(key, "3 numbers");
    for (std::size_t c = 0; c < 3; ++c) values[c] = static_cast<float>(found[c]);
  }

  HEADFORMER_COLD static ImageProcessorConfig read(const JsonObject& json) {
    ImageProcessorConfig config = defaults(json);
    config.resizes = json.boolean_or("do_resize", config.resizes);
    read_size(json, "size", config.size, &config.shortest_edge);
    config.filter = static_cast<ResizeFilter>(json.integer_or("resample", static_cast<Index>(config.filter), 0, 5));
    config.crops = json.boolean_or("do_center_crop", config.crops);
    read_size(json, "crop_size", config.crop, nullptr);
    config.rescales = json.boolean_or("do_rescale", true);
    config.factor = json.number_or("rescale_factor", config.factor, 0, 1e6);
    config.normalises = json.boolean_or("do_normalize", true);
    read_channels(json, "image_mean", false, config.mean);
    read_channels(json, "image_std", true, config.deviation);
    if (json.boolean_or("do_pad", false)) json.fail("do_pad", "false");
    return config;
  }

  ImageProcessorConfig config_;
};

}  // namespace headformer
