#include "headformer/weights/weights.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "support/errors.hpp"
#include "support/small_checkpoint.hpp"

namespace headformer::testing {
namespace {

constexpr NameRow rows[] = {
    {"embedding", "model.embed", "token_embd"},
    {"output", "lm_head", "output"},
    {"layers.#.query", "model.layers.#.q", "blk.#.q"},
    {"layers.#.key", "model.layers.#.k", "blk.#.k"},
    {"layers.#.fused_a", "model.layers.#.fused", "blk.#.fused"},
    {"layers.#.fused_b", "model.layers.#.fused", "blk.#.fused"},
    {"layers.#.conv_a", "model.layers.#.conv", "blk.#.conv", Transform::transposed},
    {"layers.#.conv_b", "model.layers.#.conv", "blk.#.conv", Transform::transposed},
    {"layers.#.gemma", "model.layers.#.gemma", "blk.#.gemma", Transform::plus_one},
};
constexpr std::string_view ignored[] = {"inv_freq", "vision_tower."};
constexpr NameTable names = {rows, ignored};

std::vector<float> numbers(Index count, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(static_cast<int>(random() % 2001) - 1000) / 512.0F;
  return values;
}
StoredTensor matrix(Index outputs, Index inputs, unsigned seed = 1) {
  return StoredTensor::of(Shape{outputs, inputs}, numbers(outputs * inputs, seed));
}
std::vector<float> row_of(const kernels::PackedMatrix& packed, Index row) {
  std::vector<float> values(static_cast<std::size_t>(packed.inputs()));
  packed.row(row, values.data());
  return values;
}
std::vector<float> row_of(const StoredTensor& tensor, Index row) {
  const std::vector<float> values = tensor.floats();
  const Index width = tensor.shape[1];
  return {values.begin() + row * width, values.begin() + (row + 1) * width};
}

/// Binds to a folder that a test fills.
class WeightsTest : public ::testing::Test {
 protected:
  Weights open(LoadOptions options = {}) {
    options_ = std::move(options);
    SmallCheckpoint small;
    small.config = Json::object();
    small.tensors = tensors_;
    small.write(folder_);
    checkpoint_ = Checkpoint::open(folder_.path());
    return Weights(*checkpoint_, names, options_, executor_);
  }
  Weights layer() { return open().layer(0); }
  std::string file() const { return (folder_ / "model.safetensors").string(); }

  StoredTensors tensors_;
  LoadOptions options_;
  SerialExecutor executor_;
  TemporaryFolder folder_;
  std::optional<Checkpoint> checkpoint_;
};

using Part = std::vector<MatrixPart>;

TEST_F(WeightsTest, BindsByTheNamesOfTheTable) {
  tensors_["model.embed.weight"] = matrix(5, 8);
  tensors_["model.layers.11.q.weight"] = matrix(3, 8, 2);
  tensors_["model.layers.11.q.bias"] = StoredTensor::of(Shape{3}, {7, 8, 9});
  const Weights weights = open();
  const auto embedding = (weights / "embedding").matrices(Part{{"", 5}}, 8);
  ASSERT_EQ(embedding.size(), 1U);
  for (Index r = 0; r < 5; ++r) EXPECT_EQ(row_of(embedding[0], r), row_of(tensors_["model.embed.weight"], r)) << r;
  const auto query = weights.layer(11).matrices(Part{{"query", 3}}, 8);
  for (Index r = 0; r < 3; ++r) EXPECT_EQ(row_of(query[0], r), row_of(tensors_["model.layers.11.q.weight"], r)) << r;
  const Tensor<float> bias = weights.layer(11).bias(Part{{"query", 3}});
  EXPECT_EQ(std::vector<float>(bias.data(), bias.data() + 3), (std::vector<float>{7, 8, 9}));
  EXPECT_NO_THROW(weights.finish());
  EXPECT_EQ(weights.layer(11).path(), "layers.11");
}

TEST_F(WeightsTest, FindsEveryPublishedPrefix) {
  for (const char* name : {"model.embed.weight", "embed.weight", "language_model.model.embed.weight",
                           "model.language_model.embed.weight", "language_model.embed.weight"}) {
    SCOPED_TRACE(name);
    tensors_ = {{name, matrix(5, 8)}};
    const Weights weights = open();
    EXPECT_NO_THROW((weights / "embedding").matrices(Part{{"", 5}}, 8));
    EXPECT_NO_THROW(weights.finish());
  }
  for (const char* name : {"lm_head.weight", "language_model.lm_head.weight", "model.lm_head.weight"}) {
    SCOPED_TRACE(name);
    tensors_ = {{name, matrix(5, 8)}};
    EXPECT_NO_THROW(open().matrices(Part{{"output", 5}}, 8));
  }
}

TEST_F(WeightsTest, PartsOfOneTensorAreItsSuccessiveRows) {
  tensors_["model.layers.0.fused.weight"] = matrix(7, 6);
  tensors_["model.layers.0.fused.bias"] = StoredTensor::of(Shape{7}, {0, 1, 2, 3, 4, 5, 6});
  const Part parts = {{"fused_a", 3}, {"fused_b", 4}};
  const Weights layer = this->layer();
  const auto packed = layer.matrices(parts, 6);
  ASSERT_EQ(packed.size(), 1U);
  for (Index r = 0; r < 7; ++r)
    EXPECT_EQ(row_of(packed[0], r), row_of(tensors_["model.layers.0.fused.weight"], r)) << r;
  const Tensor<float> bias = layer.bias(parts);
  for (Index i = 0; i < 7; ++i) EXPECT_EQ(bias.data()[i], static_cast<float>(i));
  // A tensor that does not end with its last part does not fit.
  expect_mentions(message_of<WeightError>([&] { layer.matrices(Part{{"fused_a", 3}, {"fused_b", 3}}, 6); }),
                  {file(), "'model.layers.0.fused.weight'", "layers.0.fused_b.weight", "[6, 6]", "[7, 6]"});
  expect_mentions(message_of<WeightError>([&] { layer.bias(Part{{"fused_a", 3}}); }), {"[3]", "[7]"});
}

TEST_F(WeightsTest, PartsOfSeveralTensorsShareAMatrixWhereTheirTypesAgree) {
  tensors_["model.layers.0.q.weight"] = matrix(20, 6, 1);
  tensors_["model.layers.0.k.weight"] = matrix(3, 6, 2);
  const auto packed = layer().matrices(Part{{"query", 20}, {"key", 3}}, 6);
  ASSERT_EQ(packed.size(), 1U);
  EXPECT_EQ(packed[0].outputs(), 23);
  EXPECT_EQ(row_of(packed[0], 19), row_of(tensors_["model.layers.0.q.weight"], 19));
  EXPECT_EQ(row_of(packed[0], 22), row_of(tensors_["model.layers.0.k.weight"], 2));
  StoredTensor& key = tensors_["model.layers.0.k.weight"];
  std::vector<std::byte> halves(key.bytes.size() / 2);
  for (std::size_t i = 0; i < key.floats().size(); ++i) {
    const bfloat16 half(key.floats()[i]);
    std::memcpy(halves.data() + 2 * i, &half, 2);
  }
  key = {DType::bf16, key.shape, halves};
  const auto mixed = layer().matrices(Part{{"query", 20}, {"key", 3}}, 6);
  ASSERT_EQ(mixed.size(), 2U);
  EXPECT_EQ(mixed[0].dtype(), DType::f32);
  EXPECT_EQ(mixed[1].dtype(), DType::bf16);
  LoadOptions widened;
  widened.weights = DType::f32;
  EXPECT_EQ(open(widened).layer(0).matrices(Part{{"query", 20}, {"key", 3}}, 6).size(), 1U);
}

TEST_F(WeightsTest, TransposedTensorsAreTurned) {
  constexpr Index inputs = 70;  // neither a multiple of the block of 32 that is turned at once
  constexpr Index outputs = 45;
  const std::vector<float> stored = numbers(inputs * outputs);
  tensors_["model.layers.0.conv.weight"] = StoredTensor::of(Shape{inputs, outputs}, stored);
  const auto packed = layer().matrices(Part{{"conv_a", 5}, {"conv_b", 40}}, inputs);
  ASSERT_EQ(packed.size(), 1U);
  for (Index r = 0; r < outputs; ++r) {
    const std::vector<float> found = row_of(packed[0], r);
    for (Index k = 0; k < inputs; ++k) {
      ASSERT_EQ(found[static_cast<std::size_t>(k)], stored[static_cast<std::size_t>(k * outputs + r)])
          << "output " << r << ", input " << k;
    }
  }
  expect_mentions(message_of<WeightError>([&] { layer().matrices(Part{{"conv_a", 70}}, 45); }),
                  {"[45, 70]", "[70, 45]"});
}

TEST_F(WeightsTest, OffsetsFromOneAreAdded) {
  tensors_["model.layers.0.gemma.weight"] = StoredTensor::of(Shape{3}, {-0.5F, 0, 2});
  const Tensor<float> weight = (layer() / "gemma").vector("weight", 3);
  EXPECT_EQ(std::vector<float>(weight.data(), weight.data() + 3), (std::vector<float>{0.5F, 1, 3}));
}

TEST_F(WeightsTest, ATableMaySayWhatIsDoneToEveryNorm) {
  constexpr NameRow few[] = {{"layers.#.query", "model.layers.#.q", ""},
                             {"layers.#.attn_norm", "model.layers.#.n", ""}};
  const NameTable table = {few, {}, Transform::none, Transform::plus_one};
  tensors_["model.layers.0.n.weight"] = StoredTensor::of(Shape{2}, {-0.5F, 0});
  tensors_["model.layers.0.q.weight"] = matrix(2, 2);
  open();
  const Weights layer = Weights(*checkpoint_, table, options_, executor_).layer(0);
  const Tensor<float> norm = (layer / "attn_norm").vector("weight", 2);
  EXPECT_EQ(norm.data()[0], 0.5F);
  EXPECT_EQ(norm.data()[1], 1.0F);
  EXPECT_EQ(row_of(layer.matrices(Part{{"query", 2}}, 2)[0], 1), row_of(tensors_["model.layers.0.q.weight"], 1));
}

TEST_F(WeightsTest, InterleavedHeadsAreBoundAsHalves) {
  // GGUF's llama: rows of each head [a0 b0 a1 b1 ...] for halves a and b.
  tensors_["model.layers.0.q.weight"] = matrix(8, 4);
  NameRow row = rows[2];
  row.hugging_face_transform = Transform::interleaved_heads;
  const NameTable interleaved = {std::span(&row, 1), {}};
  open();
  const Weights weights(*checkpoint_, interleaved, options_, executor_);
  const auto packed = weights.layer(0).matrices(Part{{"query", 8, 4}}, 4);  // two heads of four rows
  const Index expected[] = {0, 2, 1, 3, 4, 6, 5, 7};
  for (Index r = 0; r < 8; ++r) {
    EXPECT_EQ(row_of(packed[0], r), row_of(tensors_["model.layers.0.q.weight"], expected[r])) << "row " << r;
  }
  const auto plain = weights.layer(0).matrices(Part{{"query", 8, 0}}, 4);  // a part that is never reordered
  EXPECT_EQ(row_of(plain[0], 1), row_of(tensors_["model.layers.0.q.weight"], 1));
}

TEST_F(WeightsTest, WhatDoesNotFitIsNamed) {
  const Part query = {{"query", 3}};
  expect_mentions(message_of<WeightError>([&] { layer().matrices(query, 8); }),
                  {folder_.path().string(), "model.layers.0.q.weight", "layers.0.query.weight", "found none"});
  tensors_["model.layers.0.q.weight"] = matrix(3, 7);
  expect_mentions(message_of<WeightError>([&] { layer().matrices(query, 8); }),
                  {file(), "'model.layers.0.q.weight'", "[3, 8]", "[3, 7]"});
  tensors_["model.layers.0.q.weight"] = StoredTensor::zeros(DType::f32, Shape{24});
  expect_mentions(message_of<WeightError>([&] { layer().matrices(query, 8); }), {"[3, 8]", "[24]"});
  for (const DType dtype : {DType::i8, DType::u8, DType::i16, DType::i32, DType::i64, DType::boolean}) {
    SCOPED_TRACE(name_of(dtype));
    tensors_["model.layers.0.q.weight"] = StoredTensor::zeros(dtype, Shape{3, 8});
    tensors_["model.layers.0.q.bias"] = StoredTensor::zeros(dtype, Shape{3});
    const std::vector<std::string> parts = {file(), "'model.layers.0.q.", "floating-point",
                                            std::string(name_of(dtype))};
    expect_mentions(message_of<WeightError>([&] { layer().matrices(query, 8); }), parts);
    expect_mentions(message_of<WeightError>([&] { layer().bias(query); }), parts);
    expect_mentions(message_of<WeightError>([&] { (layer() / "query").vector("bias", 3); }), parts);
  }
  EXPECT_THROW((layer() / "nobody").vector("weight", 3), WeightError);
}

TEST_F(WeightsTest, ATensorNobodyAskedForIsAnErrorUnlessTheTableIgnoresIt) {
  tensors_["model.embed.weight"] = matrix(5, 8);
  tensors_["model.layers.0.rotary.inv_freq"] = StoredTensor::zeros(DType::i64, Shape{4});
  tensors_["vision_tower.patch"] = matrix(2, 2);
  const Weights weights = open();
  expect_mentions(message_of<WeightError>([&] { weights.finish(); }), {file(), "'model.embed.weight'"});
  static_cast<void>((weights / "embedding").matrices(Part{{"", 5}}, 8));
  EXPECT_NO_THROW(weights.finish());
}

TEST_F(WeightsTest, EveryFloatingPointTypeIsWidenedExactly) {
  struct Narrow {
    DType dtype;
    std::vector<std::uint8_t> bytes;  // 1.5, -2
  };
  const Narrow table[] = {{DType::f16, {0x00, 0x3e, 0x00, 0xc0}},
                          {DType::bf16, {0xc0, 0x3f, 0x00, 0xc0}},
                          {DType::f8_e4m3, {0x3c, 0xc0}},
                          {DType::f8_e5m2, {0x3e, 0xc0}},
                          {DType::f64, {0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0}}};
  for (const auto& [dtype, bytes] : table) {
    SCOPED_TRACE(name_of(dtype));
    StoredTensor tensor = StoredTensor::zeros(dtype, Shape{1, 2});
    std::memcpy(tensor.bytes.data(), bytes.data(), bytes.size());
    tensors_["model.embed.weight"] = tensor;
    for (const WeightType type : {WeightType::stored(), WeightType(DType::f32)}) {
      LoadOptions options;
      options.weights = type;
      const auto packed = (open(options) / "embedding").matrices(Part{{"", 1}}, 2);
      EXPECT_EQ(row_of(packed[0], 0), (std::vector<float>{1.5F, -2.0F}));
    }
  }
}

}  // namespace
}  // namespace headformer::testing
