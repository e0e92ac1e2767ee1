#include <headformer/auto_image_encoder.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "models/image_encoders.hpp"
#include "support/errors.hpp"
#include "support/small_checkpoint.hpp"

namespace headformer::testing {

std::shared_ptr<const ImageEncoder> open_image_encoder_at(const std::filesystem::path& path) {
  SerialExecutor executor;
  LoadOptions options;
  options.executor = &executor;
  return open_image_encoder(path, options);
}

namespace {

TEST(ImageEncoderFamilies, EveryClassHasAGoldenAndEveryGoldenFindsItsFamily) {
  std::set<std::string> classes;
  for (const Golden& golden : read_manifest()) {
    const Checkpoint checkpoint = Checkpoint::open(golden.model);
    EXPECT_EQ(is_image_encoder(checkpoint), golden.of_vision()) << golden.name;
    if (!golden.of_vision()) continue;
    classes.insert(checkpoint.architecture());
    const detail::ImageMatch match = detail::match_image_encoder(checkpoint);
    ASSERT_NE(match.family, nullptr) << golden.name;
    EXPECT_EQ(match.family->config(checkpoint, match.task).family, golden.family) << golden.name;
    EXPECT_EQ(match.family->name, golden.family) << golden.name;
  }
  for (const ImageFamily* family : image_families) {
    for (const ImageClass& known : family->classes)
      EXPECT_TRUE(classes.contains(std::string(known.architecture))) << known.architecture << ": no golden";
  }
}

TEST(ImageEncoderFamilies, NoTwoAnswerToTheSameName) {
  std::set<std::string_view> names;
  for (const ImageFamily* family : image_families) {
    for (const ImageClass& known : family->classes)
      EXPECT_TRUE(names.insert(known.architecture).second) << known.architecture;
  }
}

/// tests/reference/class_defaults.py
TEST(ImageEncoderFamilies, WhatAConfigLeavesOutIsTheClasss) {
  for (const Json& item : parse_json(Bytes::map(goldens() / "image_defaults.json"))) {
    SCOPED_TRACE(item["config"]["architectures"][0].get<std::string>());
    const TemporaryFolder folder;
    folder.write("config.json", item["config"].dump());
    write_tensors(folder / "model.safetensors", {});
    const Checkpoint checkpoint = Checkpoint::open(folder.path());
    const detail::ImageMatch match = detail::match_image_encoder(checkpoint);
    const ImageEncoderConfig config = match.family->config(checkpoint, match.task);
    EXPECT_EQ(config.width, item["width"].get<Index>());
    EXPECT_EQ(config.channels, item["channels"].get<Index>());
    EXPECT_EQ(config.picture, (Grid{item["picture"].get<Index>(), item["picture"].get<Index>()}));
    EXPECT_EQ(config.patch, (Grid{item["patch"].get<Index>(), item["patch"].get<Index>()}));
    EXPECT_EQ(config.labels, item["labels"].get<Index>());
    EXPECT_FLOAT_EQ(config.norm.epsilon, item["epsilon"].get<float>());
    ASSERT_EQ(config.layers.size(), item["layers"].get<std::size_t>());
    const LayerConfig& layer = config.layers.front();
    EXPECT_EQ(layer.attention.heads, item["heads"].get<Index>());
    EXPECT_EQ(layer.feed_forward.hidden_width, item["hidden_width"].get<Index>());
    EXPECT_EQ(layer.feed_forward.activation,
              detail::activation_of(checkpoint.config(), "hidden_act", item["activation"].get<std::string>()));
  }
}

TEST(ImageEncoderFamilies, ConfigsAndTensorsThatDoNotFitAreRefused) {
  struct Case {
    const char* golden;
    const char* key;
    Json value;
    std::vector<std::string> mentions;
  };
  const Case table[] = {
      {"vit", "patch_size", 64, {"config.json", "patch_size", "36x36", "64"}},
      {"vit", "patch_size", Json::array({4, 4, 4}), {"patch_size", "[height, width]"}},
      {"vit", "image_size", 0, {"image_size", "0"}},
      {"vit", "num_attention_heads", 7, {"num_attention_heads", "divisor", "7"}},
      {"vit", "hidden_act", "sin", {"hidden_act", "sin"}},
      {"vit", "image_size", 40, {"position_embeddings", "[101, 40]", "[1, 82, 40]"}},
      {"vit", "num_channels", 1, {"patch_embeddings.projection.weight", "[40, 16]", "[40, 3, 4, 4]"}},
      {"dinov2", "mlp_ratio", 3, {"mlp.fc1.weight", "[120, 40]", "[80, 40]"}},
      {"dinov2_registers", "num_register_tokens", 2, {"register_tokens", "[2, 40]", "[1, 3, 40]"}},
  };
  for (const Case& item : table) {
    SCOPED_TRACE(item.golden + std::string(": ") + item.key);
    SmallCheckpoint small = SmallCheckpoint::read(goldens() / "vision" / item.golden);
    small.config[item.key] = item.value;
    const TemporaryFolder folder;
    small.write(folder);
    expect_mentions(message_of<Error>([&] { open_image_encoder_at(folder.path()); }), item.mentions);
  }
}

TEST(ImageEncoderFamilies, AMissingTensorIsNamed) {
  SmallCheckpoint small = SmallCheckpoint::read(goldens() / "vision/dinov2");
  small.tensors.erase("encoder.layer.1.layer_scale2.lambda1");
  const TemporaryFolder folder;
  small.write(folder);
  expect_mentions(message_of<WeightError>([&] { open_image_encoder_at(folder.path()); }),
                  {"encoder.layer.1.layer_scale2.lambda1", "layers.1.ff.scale"});
}

/// transformers 5 calls ViT's modules otherwise than the files it writes.
TEST(ImageEncoderFamilies, TheNamesOfTheModulesOpenToo) {
  SmallCheckpoint small = SmallCheckpoint::read(goldens() / "vision/vit");
  StoredTensors renamed;
  for (const auto& [name, tensor] : small.tensors) {
    std::string other = name;
    const std::pair<const char*, const char*> table[] = {{"encoder.layer.", "layers."},
                                                         {"attention.attention.query", "attention.q_proj"},
                                                         {"attention.attention.key", "attention.k_proj"},
                                                         {"attention.attention.value", "attention.v_proj"},
                                                         {"attention.output.dense", "attention.o_proj"},
                                                         {"intermediate.dense", "mlp.fc1"},
                                                         {"output.dense", "mlp.fc2"}};
    for (const auto& [from, to] : table) {
      if (const auto at = other.find(from); at != std::string::npos) other.replace(at, std::strlen(from), to);
    }
    renamed.emplace(std::move(other), tensor);
  }
  small.tensors = std::move(renamed);
  const TemporaryFolder folder;
  small.write(folder);
  const auto encoder = open_image_encoder_at(folder.path());
  const auto published = open_image_encoder_of_goldens("vit");
  const Tensor<float> pixels = random_pixels(Shape{3, 36, 36}, 1);
  const auto workspace = workspace_of();
  EXPECT_TRUE(same_bits(outputs_of(*encoder, *workspace, {{pixels}}).front(),
                        outputs_of(*published, *workspace, {{pixels}}).front()));
}

}  // namespace
}  // namespace headformer::testing
