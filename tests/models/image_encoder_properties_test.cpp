#include "models/image_encoders.hpp"

// A picture's outputs follow the reference on every instruction set, and are the same bits whatever else is in the
// batch, of whatever size, on however many threads.
namespace headformer::testing {
namespace {

class ImageEncoderProperties : public ::testing::TestWithParam<const char*> {
 protected:
  ImageEncoderProperties() : encoder_(open_image_encoder_of_goldens(GetParam())) {
    const ImageEncoderConfig& config = encoder_->config();
    // Those that pictures of any size are read by are made for none.
    const Grid picture = config.picture.count() > 0 ? config.picture : Grid{64, 64};
    const Index more[][2] = {{0, 0}, {1, 2}, {0, 0}, {-1, 0}, {3, 1}};
    for (const auto& [rows, columns] : more) {
      pixels_.push_back(random_pixels(Shape{config.channels, picture.height + rows * config.patch.height,
                                            picture.width + columns * config.patch.width},
                                      static_cast<unsigned>(pixels_.size())));
    }
    for (const Tensor<float>& pixels : pixels_) {
      pictures_.push_back({pixels.view()});
      pictures_.back().resamples_positions = true;
    }
  }

  std::shared_ptr<const ImageEncoder> encoder_;
  std::vector<Tensor<float>> pixels_;
  std::vector<ImageInput> pictures_;
};

TEST_P(ImageEncoderProperties, CompanyAndThreadsChangeNoBit) {
  for (const int threads : {1, 2, 3}) {
    const std::vector<Tensor<float>> together = outputs_of(*encoder_, *workspace_of(threads), pictures_);
    std::vector<Index> row(together.size(), 0);
    for (std::size_t i = 0; i < pictures_.size(); ++i) {
      const std::vector<Tensor<float>> alone = outputs_of(*encoder_, *workspace_of(), {pictures_[i]});
      for (std::size_t h = 0; h < alone.size(); ++h) {
        const Index first = row[h];
        EXPECT_TRUE(
            same_bits(rows_of(together[h], first, first + alone[h].size(0)), rows_of(alone[h], 0, alone[h].size(0))))
            << "picture " << i << ", head " << h << ", " << threads << " threads";
        row[h] += alone[h].size(0);
      }
    }
  }
}

TEST_P(ImageEncoderProperties, TheTypedCallAndTheDoorAgree) {
  NamedTensors inputs;
  Tensor<float> pixels(Shape{1, pixels_[0].size(0), pixels_[0].size(1), pixels_[0].size(2)});
  std::copy_n(pixels_[0].data(), pixels.count(), pixels.data());
  inputs.emplace("pixel_values", std::move(pixels));
  const NamedTensors outputs = ImageEncoderModel(encoder_, workspace_of()).forward(inputs);
  const std::vector<Tensor<float>> typed = outputs_of(*encoder_, *workspace_of(), {pictures_[0]});
  for (std::size_t h = 0; h < typed.size(); ++h) {
    const EncoderOutput& output = encoder_->heads()[h]->output();
    if (output.names.size() > 1 || output.patches) continue;  // another order of the same numbers
    const auto& tensor = std::get<Tensor<float>>(outputs.at(output.names.front()));
    EXPECT_TRUE(same_bits(tensor, typed[h])) << output.names.front();
  }
}

INSTANTIATE_TEST_SUITE_P(Families, ImageEncoderProperties,
                         ::testing::Values("vit", "vit_classification", "vit_stride", "deit_teacher", "dinov2",
                                           "dinov2_swiglu", "dinov2_registers", "dinov2_registers_classification",
                                           "swin", "swin_odd", "clip_image", "siglip_image", "beit", "beit_token",
                                           "beit_masked", "segformer", "segformer_rows", "segformer_segmentation",
                                           "yolos", "yolos_detection", "dpt", "dpt_depth", "dpt_segmentation",
                                           "depth_anything"),
                         [](const auto& name) { return std::string(name.param); });

class ImageEncoderIsas : public ::testing::TestWithParam<Isa> {};

TEST_P(ImageEncoderIsas, EveryOneFollowsTheReference) {
  if (!has_isa(CpuFeatures::detect(), GetParam())) GTEST_SKIP() << "this machine has no " << name_of(GetParam());
  for (const Golden& golden : read_manifest()) {
    if (!golden.of_vision() || !golden.name.ends_with("/pictures")) continue;
    SCOPED_TRACE(golden.name);
    ImageEncoderModel model(open_image_encoder_at(golden.model), workspace_of(1, GetParam()));
    const NamedTensors found = model.forward(read_tensors(golden.inputs));
    for (const auto& [name, tensor] : read_tensors(golden.outputs)) {
      SCOPED_TRACE(name);
      expect_close(std::get<Tensor<float>>(found.at(name)), std::get<Tensor<float>>(tensor), golden.tolerance);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, ImageEncoderIsas, ::testing::Values(Isa::portable, Isa::avx2, Isa::avx512),
                         [](const auto& isa) { return std::string(name_of(isa.param)); });

}  // namespace
}  // namespace headformer::testing
