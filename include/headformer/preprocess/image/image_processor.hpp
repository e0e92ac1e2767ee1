#pragma once

#include <algorithm>
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
#include "headformer/preprocess/image/target_size.hpp"

namespace headformer {

/// What a picture goes through before a model sees it.
struct ImageProcessorConfig {
  bool resizes = true;
  TargetSize size;
  ResizeFilter filter = ResizeFilter::bilinear;
  bool crops = false;
  Grid crop{224, 224};
  bool rescales = true;
  double factor = 1.0 / 255;
  bool normalises = true;
  std::array<float, 3> mean{0.5F, 0.5F, 0.5F};
  std::array<float, 3> deviation{0.5F, 0.5F, 0.5F};
  Grid padded;             ///< zeros below and to the right after all else, up to this size; 0x0: none
  Index size_divisor = 1;  ///< zeros around, up to multiples of it
};

/// Makes pixel_values of pictures as the reference's Pillow-backed processors (ImageProcessorPil) do: three channels,
/// resized, cropped around the centre, rescaled, normalised, padded. Each picture stands alone: what the reference adds
/// to smaller ones of a batch is not there. Immutable, shareable between threads.
class ImageProcessor {
 public:
  explicit ImageProcessor(const ImageProcessorConfig& config) : config_(config) {}
  /// Of a preprocessor_config.json. Throws ConfigError for a class that is not known and for values out of range.
  HEADFORMER_COLD explicit ImageProcessor(const JsonObject& json) : config_(read(json)) {}

  const ImageProcessorConfig& config() const { return config_; }

  /// Shapes: -> [3, H, W]. Throws ArgumentError for a picture that becomes too small or too large, by its shape or to
  /// be padded.
  Tensor<float> operator()(const Picture& picture) const {
    Picture rgb = to_rgb(picture);
    if (config_.resizes) rgb = resize(rgb, resized(rgb.size()), config_.filter);
    if (config_.crops) rgb = cropped(rgb, config_.crop);
    const Grid size = rgb.size();
    const Grid whole = padded(size);
    const bool below = config_.padded.count() > 0;
    const Grid before = below ? Grid{} : Grid{(whole.height - size.height) / 2, (whole.width - size.width) / 2};
    Tensor<float> result(Shape{3, whole.height, whole.width});
    std::fill_n(result.data(), result.count(), 0.0F);
    for (Index c = 0; c < 3; ++c) {
      const auto channel = static_cast<std::size_t>(c);
      for (Index y = 0; y < size.height; ++y) {
        float* to = result.data() + (c * whole.height + before.height + y) * whole.width + before.width;
        for (Index x = 0; x < size.width; ++x) {
          const std::uint8_t stored = rgb.row(y)[3 * x + c];
          float value = config_.rescales ? static_cast<float>(stored * config_.factor) : static_cast<float>(stored);
          if (config_.normalises) value = (value - config_.mean[channel]) / config_.deviation[channel];
          *to++ = value;
        }
      }
    }
    return result;
  }

  /// The size that a picture is resized to. Throws ArgumentError where it would have too many pixels.
  Grid resized(Grid picture) const {
    constexpr Index most_pixels = Index{1} << 27;
    const Grid size = config_.size(picture);
    if (size.height > most_pixels || size.width > most_pixels || size.count() > most_pixels)
      throw ArgumentError("picture: expected at most " + std::to_string(most_pixels) +
                          " pixels after resizing, found " + to_string(size) + " of " + to_string(picture));
    return size;
  }

  /// The size after padding.
  Grid padded(Grid size) const {
    const auto up = [&](Index side) {
      return (side + config_.size_divisor - 1) / config_.size_divisor * config_.size_divisor;
    };
    if (config_.padded.count() == 0) return {up(size.height), up(size.width)};
    if (size.height > config_.padded.height || size.width > config_.padded.width)
      throw ArgumentError("picture: expected at most the " + to_string(config_.padded) + " it is padded to, found " +
                          to_string(size));
    return config_.padded;
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
    const std::array<float, 3> imagenet_mean{0.485F, 0.456F, 0.406F};
    const std::array<float, 3> imagenet_deviation{0.229F, 0.224F, 0.225F};
    const std::array<float, 3> clip_mean{0.48145466F, 0.4578275F, 0.40821073F};
    const std::array<float, 3> clip_deviation{0.26862954F, 0.26130258F, 0.27577711F};
    if (name == "ViT") return config;
    if (name == "Segformer" || name == "Yolos") {
      config.mean = imagenet_mean;
      config.deviation = imagenet_deviation;
      config.size.size = {512, 512};
      if (name == "Yolos") config.size = {TargetSize::Rule::edges, {}, 800, 1333, 16};
      return config;
    }
    config.filter = ResizeFilter::bicubic;
    if (name == "DPT") {
      config.size = {TargetSize::Rule::scaled, {384, 384}};
      config.size.keeps_aspect = json.boolean_or("keep_aspect_ratio", false);
      config.size.multiple = json.integer_or("ensure_multiple_of", 1, 1, most);
      return config;
    }
    if (name == "Siglip" || name == "Beit") return config;
    config.crops = true;
    if (name == "DeiT") {
      config.size.size = {256, 256};
      return config;
    }
    config.mean = clip_mean;
    config.deviation = clip_deviation;
    config.size = {TargetSize::Rule::shortest_edge, {}, 224};
    if (name == "CLIP" || name == "Bit") return config;
    json.fail(key, "the image processor of ViT, DeiT, Beit, Siglip, CLIP, Bit, Segformer, Yolos or DPT");
  }

  /// A side, [height, width] or {height, width}.
  HEADFORMER_COLD static Grid read_grid(const JsonObject& json, const char* key) {
    if (json.is_array(key)) {
      const std::vector<Index> sides = json.integers(key, 1, most);
      if (sides.size() != 2) json.fail(key, "a number, [height, width], or an object");
      return {sides[0], sides[1]};
    }
    if (json.is_object(key)) {
      const JsonObject sides = json.object(key);
      return {sides.integer("height", 1, most), sides.integer("width", 1, most)};
    }
    const Index side = json.integer(key, 1, most);
    return {side, side};
  }

  /// The same, or {shortest_edge}, with longest_edge where the class has it, or {max_height, max_width}.
  HEADFORMER_COLD static void read_size(const JsonObject& json, TargetSize& target) {
    using Rule = TargetSize::Rule;
    if (!json.has("size")) return;
    const bool edges = target.rule == Rule::edges;
    if (json.is_object("size")) {
      const JsonObject sides = json.object("size");
      if (sides.has("shortest_edge")) {
        target.shortest = sides.integer("shortest_edge", 1, most);
        if (target.rule == Rule::exact || target.rule == Rule::scaled) target.rule = Rule::shortest_edge;
        if (edges || sides.has("longest_edge")) {
          target.rule = Rule::edges;
          target.longest = sides.integer("longest_edge", 1, most);
        }
        return;
      }
      if (sides.has("max_height")) {
        target.rule = Rule::inside;
        target.size = {sides.integer("max_height", 1, most), sides.integer("max_width", 1, most)};
        return;
      }
      if (sides.has("longest_edge")) json.fail("size", "height and width, or shortest_edge");
    } else if (edges || (target.rule == Rule::shortest_edge && !json.is_array("size"))) {
      target.shortest = json.integer("size", 1, most);
      if (edges) target.longest = json.integer_or("max_size", 1333, 1, most);
      return;
    }
    target.size = read_grid(json, "size");
    if (target.rule != Rule::scaled) target.rule = Rule::exact;
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
    const bool pads = config.size.rule == TargetSize::Rule::edges;
    config.resizes = json.boolean_or("do_resize", config.resizes);
    read_size(json, config.size);
    config.filter = static_cast<ResizeFilter>(json.integer_or("resample", static_cast<Index>(config.filter), 0, 5));
    config.crops = json.boolean_or("do_center_crop", config.crops);
    if (json.has("crop_size")) config.crop = read_grid(json, "crop_size");
    config.rescales = json.boolean_or("do_rescale", true);
    config.factor = json.number_or("rescale_factor", config.factor, 0, 1e6);
    config.normalises = json.boolean_or("do_normalize", true);
    read_channels(json, "image_mean", false, config.mean);
    read_channels(json, "image_std", true, config.deviation);
    if (json.boolean_or("do_pad", pads)) {
      if (json.has("pad_size")) config.padded = read_grid(json, "pad_size");
      config.size_divisor = json.integer_or("size_divisor", 1, 1, most);
    }
    return config;
  }

  ImageProcessorConfig config_;
};

}  // namespace headformer
