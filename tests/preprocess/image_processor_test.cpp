#include <gtest/gtest.h>

#include <filesystem>
#include <headformer/formats/json.hpp>
#include <headformer/preprocess/image/image_processor.hpp>
#include <headformer/preprocess/image/open_image_processor.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

// Pictures as Pillow and transformers' Pillow-backed processors make them (tests/reference/image_processors.py).
namespace headformer::testing {
namespace {

Json image_goldens() {
  return parse_json(Bytes::map(std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens/images.json"));
}

std::vector<std::uint8_t> bytes_of(const Json& hexadecimal) {
  const auto text = hexadecimal.get<std::string>();
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < text.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  return bytes;
}

Grid grid_of(const Json& size) { return {size[0].get<Index>(), size[1].get<Index>()}; }

TEST(ResizePicture, EveryFilterGivesPillowsBytes) {
  const Json goldens = image_goldens();
  for (const Json& item : goldens["resized"]) {
    const Picture picture(grid_of(item["size"]), 3, bytes_of(item["from"]));
    const Picture found =
        resize(picture, grid_of(item["wanted"]), static_cast<ResizeFilter>(item["filter"].get<int>()));
    EXPECT_EQ(found.bytes(), bytes_of(item["to"])) << item["filter"] << item["size"] << item["wanted"];
  }
}

TEST(ImageProcessor, PixelsAreTheReferences) {
  const Json goldens = image_goldens();
  for (const Json& item : goldens["processed"]) {
    SCOPED_TRACE(item["config"].dump() + item["size"].dump());
    const ImageProcessor processor(JsonObject(item["config"], "preprocessor_config.json"));
    const Tensor<float> found = processor(Picture(grid_of(item["size"]), 3, bytes_of(item["from"])));
    const auto expected = item["to"].get<std::vector<float>>();
    ASSERT_EQ(found.shape(), (Shape{item["shape"][0], item["shape"][1], item["shape"][2]}));
    float largest = 1;
    for (const float value : expected) largest = std::max(largest, std::abs(value));
    for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(found.data()[i], expected[i], 1e-6F * largest) << i;
  }
}

TEST(ImageProcessor, ChannelsBecomeThreeAsPillowsConvertMakesThem) {
  const Json goldens = image_goldens();
  for (const Json& item : goldens["modes"]) {
    const Picture picture(grid_of(item["size"]), item["channels"].get<Index>(), bytes_of(item["from"]));
    EXPECT_EQ(to_rgb(picture).bytes(), bytes_of(item["to"])) << item["mode"];
  }
}

TEST(ImageProcessor, WhatDoesNotFitIsRefused) {
  const auto read = [](const Json& json) { return ImageProcessor(JsonObject(json, "preprocessor_config.json")); };
  const auto vit = [](const char* key, Json value) {
    Json json{{"image_processor_type", "ViTImageProcessor"}};
    json[key] = std::move(value);
    return json;
  };
  const struct {
    Json json;
    std::vector<std::string> mentions;
  } table[] = {
      {Json::object(), {"preprocessor_config.json", "feature_extractor_type"}},
      {{{"image_processor_type", "DonutImageProcessor"}}, {"image_processor_type", "CLIP", "DonutImageProcessor"}},
      {vit("resample", 6), {"resample", "6"}},
      {vit("size", {{"longest_edge", 3}}), {"size", "shortest_edge", "object"}},
      {vit("size", 0), {"size", "0"}},
      {vit("image_mean", {0.5, 0.5}), {"image_mean", "3 numbers"}},
      {vit("image_std", {0.5, 0.0, 0.5}), {"image_std"}},
  };
  for (const auto& item : table) expect_mentions(message_of<ConfigError>([&] { read(item.json); }), item.mentions);
  expect_mentions(message_of<ArgumentError>([] { Picture({0, 3}, 3); }), {"pixel", "0x3"});
  expect_mentions(message_of<ArgumentError>([] { Picture({1, 3}, 5); }), {"1 to 4", "5"});
  expect_mentions(message_of<ArgumentError>([] { Picture({1, 3}, 3, std::vector<std::uint8_t>(8)); }), {"9", "8"});
  expect_mentions(message_of<ArgumentError>([] { resize(Picture({1, 3}, 3), {2, 0}, ResizeFilter::box); }), {"2x0"});
}

TEST(ImageProcessor, AFolderSaysWhatIsWrongWithIt) {
  const TemporaryFolder folder;
  expect_mentions(message_of<IoError>([&] { open_image_processor(folder.path()); }), {"preprocessor_config.json"});
  folder.write("preprocessor_config.json", R"({"image_processor_type": "ViTImageProcessor", "size": -1})");
  expect_mentions(message_of<ConfigError>([&] { open_image_processor(folder.path()); }),
                  {(folder / "preprocessor_config.json").string(), "size", "-1"});
  folder.write("preprocessor_config.json", R"({"image_processor_type": "ViTImageProcessor", "size": 16})");
  EXPECT_EQ(open_image_processor(folder.path())(Picture({5, 9}, 1)).shape(), (Shape{3, 16, 16}));
}

TEST(ImageProcessor, OldNamesAreKnown) {
  const Json json{
      {"feature_extractor_type", "CLIPFeatureExtractor"}, {"size", 224}, {"crop_size", 224}, {"resample", 3}};
  const ImageProcessor processor(JsonObject(json, "preprocessor_config.json"));
  EXPECT_EQ(processor.config().size.shortest, 224);
  EXPECT_EQ(processor.resized({300, 200}), (Grid{336, 224}));
}

}  // namespace
}  // namespace headformer::testing
