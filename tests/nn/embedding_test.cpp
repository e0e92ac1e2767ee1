#include "headformer/nn/embedding.hpp"

#include "nn/modules.hpp"
#include "support/errors.hpp"

namespace headformer::testing {
namespace {

class Embeddings : public ModuleTest {
 protected:
  Embeddings() { tensors_["embedding.weight"] = matrix(9, 32, 1); }
};

TEST_F(Embeddings, GivesTheRowsOfItsIds) {
  const std::vector<float> table = tensors_["embedding.weight"].floats();
  const std::int32_t ids[] = {8, 0, 3, 3, 8, 1, 2, 4, 5, 6, 7, 0};
  for (const float scale : {1.0F, 8.0F}) {
    const Embedding embedding({9, 32, scale}, weights() / "embedding");
    Tensor<float> y(Shape{12, 32});
    Context context = this->context();
    embedding(context, ids, y);
    for (Index i = 0; i < 12; ++i) {
      for (Index c = 0; c < 32; ++c) {
        ASSERT_EQ(y.view().row(i)[c], table[static_cast<std::size_t>(ids[i] * 32 + c)] * scale)
            << "row " << i << ", column " << c << ", scale " << scale;
      }
    }
  }
}

TEST_F(Embeddings, AQuantisedTableGivesDequantisedRows) {
  const StoredTensor wide = tensors_["embedding.weight"];
  for (const DType dtype : {DType::bf16, DType::f16, DType::q8_0, DType::q4_0}) {
    const Embedding embedding({9, 32, 1}, weights(dtype) / "embedding");
    const std::int32_t id = 5;
    Tensor<float> y(Shape{1, 32});
    Context context = this->context();
    embedding(context, std::span(&id, 1), y);
    std::vector<std::byte> narrow(row_bytes(dtype, 32));
    std::vector<float> expected(32);
    kernels::quantise_row(dtype, wide.floats().data() + 5 * 32, 32, narrow.data());
    kernels::dequantise_row(dtype, narrow.data(), 32, expected.data());
    EXPECT_EQ(std::vector<float>(y.data(), y.data() + 32), expected) << name_of(dtype);
  }
}

TEST_F(Embeddings, LearnedPositionsAreAddedByPosition) {
  tensors_["positions.weight"] = matrix(6, 32, 2);
  const std::vector<float> table = tensors_["positions.weight"].floats();
  const LearnedPositions positions({6, 32}, weights());
  batch_.positions = {5, 0, 2};
  Tensor<float> x(Shape{3, 32});
  std::fill_n(x.data(), x.count(), 1.0F);
  Context context = this->context();
  positions(context, x);
  for (Index r = 0; r < 3; ++r) {
    const Index row = batch_.positions[static_cast<std::size_t>(r)];
    for (Index c = 0; c < 32; ++c)
      ASSERT_EQ(x.view().row(r)[c], 1.0F + table[static_cast<std::size_t>(row * 32 + c)]) << r << ", " << c;
  }
  expect_mentions(message_of<WeightError>([&] { LearnedPositions({7, 32}, weights()); }),
                  {"'positions.weight'", "[7, 32]", "[6, 32]"});
}

}  // namespace
}  // namespace headformer::testing
