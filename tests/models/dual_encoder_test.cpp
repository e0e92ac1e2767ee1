#include <headformer/auto_dual_encoder.hpp>
#include <headformer/models/dual/dual_encoder_model.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "models/encoders.hpp"
#include "models/image_encoders.hpp"
#include "support/errors.hpp"
#include "support/small_checkpoint.hpp"

// Two towers whose vectors can be compared.
namespace headformer::testing {
namespace {

std::shared_ptr<const DualEncoder> open_dual_encoder_of_goldens(const std::string& name) {
  SerialExecutor executor;
  LoadOptions options;
  options.executor = &executor;
  return open_dual_encoder(goldens() / "dual" / name, options);
}

TEST(DualEncoderFamilies, EveryClassHasAGolden) {
  std::set<std::string> classes;
  for (const Golden& golden : read_manifest()) {
    const Checkpoint checkpoint = Checkpoint::open(golden.model);
    EXPECT_EQ(is_dual_encoder(checkpoint), golden.of_dual()) << golden.name;
    if (!golden.of_dual()) continue;
    classes.insert(checkpoint.architecture());
    EXPECT_EQ(detail::match_dual_encoder(checkpoint)->name, golden.family) << golden.name;
  }
  for (const DualFamily* family : dual_families)
    EXPECT_TRUE(classes.contains(std::string(family->architecture))) << family->architecture << ": no golden";
}

TEST(DualEncoder, VectorsHaveLengthOneAndDoNotDependOnCompany) {
  for (const char* const name : {"clip", "siglip"}) {
    SCOPED_TRACE(name);
    const auto encoder = open_dual_encoder_of_goldens(name);
    std::vector<std::vector<TokenId>> ids;
    std::vector<EncoderInput> texts;
    for (const Index length : {Index{3}, Index{15}, Index{1}}) ids.push_back(random_ids(encoder->text(), length, 7));
    for (const auto& text : ids) texts.emplace_back().ids = text;
    std::vector<Tensor<float>> pixels;
    std::vector<ImageInput> pictures;
    for (unsigned seed = 0; seed < 3; ++seed) pixels.push_back(random_pixels(Shape{3, 12, 12}, seed));
    for (const auto& picture : pixels) pictures.push_back({picture.view()});
    const auto check = [&](const auto& inputs) {
      Tensor<float> together(Shape{3, encoder->width()});
      encoder->embed(*workspace_of(2), std::span(inputs), together);
      for (Index i = 0; i < 3; ++i) {
        Tensor<float> alone(Shape{1, encoder->width()});
        encoder->embed(*workspace_of(), std::span(inputs).subspan(static_cast<std::size_t>(i), 1), alone);
        EXPECT_TRUE(testing::same_bits(rows_of(together, i, i + 1), rows_of(alone, 0, 1))) << i;
        double squares = 0;
        for (const float value : row_of(alone, 0)) squares += static_cast<double>(value) * static_cast<double>(value);
        EXPECT_NEAR(squares, 1, 1e-6);
      }
    };
    check(std::vector<EncoderInput>(texts));
    check(std::vector<ImageInput>(pictures));
  }
}

TEST(DualEncoder, SimilarityFollowsItsFormula) {
  Tensor<float> a(Shape{2, 3});
  Tensor<float> b(Shape{3, 3});
  for (Index i = 0; i < 6; ++i) a.data()[i] = static_cast<float>(i) - 2;
  for (Index i = 0; i < 9; ++i) b.data()[i] = static_cast<float>(i % 4) + 1;
  normalise_rows(a);
  normalise_rows(b);
  Tensor<float> logits(Shape{2, 3});
  constexpr float temperature = 0.5F;
  ContrastiveSimilarity{1 / temperature, -3}(a, b, logits);
  for (Index i = 0; i < 2; ++i) {
    for (Index j = 0; j < 3; ++j) {
      double cosine = 0;
      for (Index c = 0; c < 3; ++c)
        cosine += static_cast<double>(a.view().row(i)[c]) * static_cast<double>(b.view().row(j)[c]);
      EXPECT_NEAR(logits.view().row(i)[j], cosine / 0.5 - 3, 1e-6);
    }
  }
  Tensor<float> zeros(Shape{1, 3});
  normalise_rows(zeros);
  for (Index c = 0; c < 3; ++c) EXPECT_EQ(zeros.data()[c], 0);
}

TEST(DualEncoder, ATextOfPaddingOnlyIsZero) {
  DualEncoderModel model(open_dual_encoder_of_goldens("clip"), workspace_of());
  NamedTensors inputs;
  inputs.emplace("input_ids", integers(Shape{2, 3}, {7, 8, 50, 7, 8, 50}));
  inputs.emplace("attention_mask", integers(Shape{2, 3}, {0, 0, 0, 1, 1, 1}));
  inputs.emplace("pixel_values", random_pixels(Shape{1, 3, 12, 12}, 1));
  const NamedTensors outputs = model.forward(inputs);
  const auto& vectors = std::get<Tensor<float>>(outputs.at("text_embeds"));
  for (const float value : row_of(vectors, 0)) EXPECT_EQ(value, 0);
  EXPECT_NE(row_of(vectors, 1)[0], 0);
}

TEST(DualEncoder, InputsThatDoNotFitAreRefused) {
  DualEncoderModel model(open_dual_encoder_of_goldens("clip"), workspace_of());
  NamedTensors inputs;
  inputs.emplace("input_ids", integers(Shape{1, 2}, {7, 53}));
  expect_mentions(message_of<ArgumentError>([&] { model.forward(inputs); }), {"pixel_values"});
  inputs.emplace("pixel_values", random_pixels(Shape{1, 3, 12, 12}, 1));
  expect_mentions(message_of<ArgumentError>([&] { model.forward(inputs); }), {"input_ids", "0 to 52", "53"});
  inputs.erase("input_ids");
  expect_mentions(message_of<ArgumentError>([&] { model.forward(inputs); }), {"input_ids"});
  inputs.emplace("input_ids", integers(Shape{1, 19}, std::vector<std::int64_t>(19, 7)));
  expect_mentions(message_of<ArgumentError>([&] { model.forward(inputs); }), {"18 learned positions"});
  inputs.emplace("token_type_ids", integers(Shape{1, 19}, std::vector<std::int64_t>(19, 0)));
  expect_mentions(message_of<ArgumentError>([&] { model.forward(inputs); }), {"'token_type_ids'", "pixel_values"});
}

TEST(DualEncoder, TowersOfTwoWidthsAreRefused) {
  SmallCheckpoint small = SmallCheckpoint::read(goldens() / "dual/siglip");
  small.config["text_config"]["projection_size"] = 20;
  small.tensors.at("text_model.head.weight") = StoredTensor::zeros(DType::f32, Shape{20, 20});
  small.tensors.at("text_model.head.bias") = StoredTensor::zeros(DType::f32, Shape{20});
  const TemporaryFolder folder;
  small.write(folder);
  expect_mentions(message_of<ArgumentError>([&] { open_dual_encoder(folder.path()); }), {"towers", "20", "24"});
}

/// A tower of a checkpoint of both, with a config of both.
TEST(DualEncoder, EachTowerOpensAlone) {
  SmallCheckpoint small = SmallCheckpoint::read(goldens() / "dual/clip");
  const auto both = open_dual_encoder_of_goldens("clip");
  const TemporaryFolder folder;
  small.config["architectures"] = {"CLIPVisionModel"};
  small.write(folder);
  const auto image = open_image_encoder_at(folder.path());
  EXPECT_EQ(image->config().width, both->image().config().width);
  const TemporaryFolder other;
  small.config["architectures"] = {"CLIPTextModel"};
  small.write(other);
  EXPECT_EQ(open_encoder_at(other.path())->config().vocabulary, 53);
  // What old files say again goes before what they say: the class's own where it is silent.
  small.config["text_config_dict"] = {
      {"vocab_size", 53},        {"hidden_size", 20},    {"num_hidden_layers", 2},       {"num_attention_heads", 2},
      {"intermediate_size", 28}, {"hidden_act", "gelu"}, {"max_position_embeddings", 18}};
  small.write(other);
  const auto old = open_encoder_at(other.path());
  EXPECT_EQ(old->config().heads.pooler.marked, 49407);
  EXPECT_EQ(old->config().layers.front().feed_forward.activation, kernels::Activation::gelu);
}

}  // namespace
}  // namespace headformer::testing
