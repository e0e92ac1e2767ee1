#include <numeric>

#include "models/image_encoders.hpp"
#include "support/errors.hpp"

// What an encoder of pictures may be given, and what it refuses.
namespace headformer::testing {
namespace {

NamedTensors pixels_of(const Shape& shape) {
  NamedTensors inputs;
  inputs.emplace("pixel_values", random_pixels(shape, 1));
  return inputs;
}

NamedTensors with(NamedTensors inputs, const char* name, const Shape& shape, std::int64_t value = 1) {
  Tensor<std::int64_t> tensor(shape);
  std::fill_n(tensor.data(), tensor.count(), value);
  inputs.emplace(name, std::move(tensor));
  return inputs;
}

TEST(ImageEncoderInputs, ThoseThatDoNotFitAreRefused) {
  struct Case {
    const char* golden;
    NamedTensors inputs;
    std::vector<std::string> mentions;
  };
  const Shape one{1, 3, 36, 36};
  Case table[] = {
      {"vit", {}, {"pixel_values"}},
      {"vit", pixels_of({3, 36, 36}), {"pixel_values", "[B, C, H, W]", "[3, 36, 36]"}},
      {"vit", pixels_of({0, 3, 36, 36}), {"pixel_values", "[0, 3, 36, 36]"}},
      {"vit", pixels_of({1, 1, 36, 36}), {"pixel_values", "[3, H, W]", "[1, 36, 36]"}},
      {"vit", pixels_of({1, 3, 36, 40}), {"36x36", "interpolate_pos_encoding", "36x40"}},
      {"vit", with(pixels_of({1, 3, 3, 40}), "interpolate_pos_encoding", {1}), {"patch of 4x4", "3x40"}},
      {"vit", with(pixels_of(one), "interpolate_pos_encoding", {2}), {"interpolate_pos_encoding", "[1]", "[2]"}},
      {"vit", with(pixels_of(one), "bool_masked_pos", {1, 81}), {"'bool_masked_pos'", "interpolate_pos_encoding"}},
      {"vit_masked", with(pixels_of({1, 3, 12, 12}), "bool_masked_pos", {2, 9}), {"bool_masked_pos", "[1, patches]"}},
      {"vit_masked", with(pixels_of({1, 3, 12, 12}), "bool_masked_pos", {1, 8}), {"bool_masked_pos", "9", "8"}},
      {"dinov2", with(pixels_of(one), "interpolate_pos_encoding", {1}), {"'interpolate_pos_encoding'"}},
      {"dinov2", pixels_of({1, 3, 3, 3}), {"patch of 4x4", "3x3"}},
  };
  for (Case& item : table) {
    SCOPED_TRACE(item.golden + std::string(": ") + item.mentions.back());
    ImageEncoderModel model(open_image_encoder_of_goldens(item.golden), workspace_of());
    expect_mentions(message_of<ArgumentError>([&] { model.forward(item.inputs); }), item.mentions);
  }
}

TEST(ImageEncoderInputs, TheTypedCallRefusesToo) {
  const auto encoder = open_image_encoder_of_goldens("vit");
  const Tensor<float> pixels = random_pixels(Shape{3, 36, 36}, 1);
  const std::vector<std::uint8_t> mask(81);
  ImageInput input{pixels};
  Tensor<float> hidden(Shape{82, 3});
  expect_mentions(message_of<ArgumentError>(
                      [&] { encoder->encode(*workspace_of(), std::span<const ImageInput>(&input, 1), hidden); }),
                  {"hidden", "[82, 40]", "[82, 3]"});
  input.masked = mask;
  expect_mentions(message_of<ArgumentError>([&] { encoder->rows(input); }), {"bool_masked_pos", "mask token"});
}

TEST(ImageEncoderInputs, AMaskedAutoencoderWantsAnOrder) {
  const auto encoder = open_image_encoder_of_goldens("vit_mae_reconstruction");
  ImageEncoderModel model(encoder, workspace_of());
  NamedTensors inputs = pixels_of({1, 3, 20, 20});
  expect_mentions(message_of<ArgumentError>([&] { model.forward(inputs); }), {"noise", "none"});
  inputs.emplace("noise", random_pixels(Shape{1, 24}, 1));
  expect_mentions(message_of<ArgumentError>([&] { model.forward(inputs); }), {"25", "24"});

  const Tensor<float> pixels = random_pixels(Shape{3, 20, 20}, 1);
  std::vector<Index> order(25, 3);
  ImageInput input{pixels};
  input.order = order;
  expect_mentions(message_of<ArgumentError>([&] { encoder->rows(input); }), {"0 to 24", "once", "3"});
  std::iota(order.begin(), order.end(), Index{0});
  EXPECT_EQ(encoder->rows(input), 11);  // 40 % of them, and the class token
  const auto plain = open_image_encoder_of_goldens("vit_classification");
  const Tensor<float> small = random_pixels(Shape{3, 12, 12}, 1);
  input.pixels = small.view();
  expect_mentions(message_of<ArgumentError>([&] { plain->rows(input); }), {"order", "none"});
}

TEST(ImageEncoderInputs, WhatIsLeftOfAPictureDoesNotDependOnCompany) {
  const auto encoder = open_image_encoder_of_goldens("vit_mae_reconstruction");
  const Tensor<float> pixels[] = {random_pixels(Shape{3, 20, 20}, 1), random_pixels(Shape{3, 20, 20}, 2)};
  std::vector<ImageInput> inputs{{pixels[0]}, {pixels[1]}};
  const Tensor<float> noise = random_pixels(Shape{2, 25}, 3);
  const std::vector<Index> orders[] = {order_of(noise.view().row_span(0)), order_of(noise.view().row_span(1))};
  for (std::size_t i = 0; i < 2; ++i) inputs[i].order = orders[i];
  const Tensor<float> both = std::move(outputs_of(*encoder, *workspace_of(2), inputs).front());
  for (std::size_t i = 0; i < 2; ++i) {
    const Tensor<float> alone = std::move(outputs_of(*encoder, *workspace_of(), {inputs[i]}).front());
    EXPECT_TRUE(same_bits(row_of(both, static_cast<Index>(i)), row_of(alone, 0)));
  }
}

TEST(ImageEncoderInputs, AnObserverSeesEveryLayer) {
  const auto encoder = open_image_encoder_of_goldens("dinov2");
  const Tensor<float> pixels = random_pixels(Shape{3, 36, 36}, 1);
  const ImageInput input{pixels};
  Tensor<float> hidden(Shape{82, 40});
  std::vector<std::string> seen;
  const Observer observer = [&](std::string_view name, TensorView<float> value) {
    seen.emplace_back(name);
    EXPECT_EQ(value.shape(), (Shape{82, 40}));
  };
  encoder->encode(*workspace_of(), std::span<const ImageInput>(&input, 1), hidden, &observer);
  EXPECT_EQ(seen, (std::vector<std::string>{"layers.0", "layers.1"}));
}

}  // namespace
}  // namespace headformer::testing
