#include "headformer/nn/linear.hpp"

#include "headformer/kernels/activation.hpp"
#include "nn/modules.hpp"

namespace headformer::testing {
namespace {

constexpr Index inputs = 64;

class Linears : public ModuleTest {
 protected:
  Linears() {
    tensors_["query.weight"] = matrix(20, inputs, 1);
    tensors_["key.weight"] = matrix(7, inputs, 2);
    tensors_["value.weight"] = matrix(33, inputs, 3);
    tensors_["query.bias"] = StoredTensor::of(Shape{20}, numbers(20, 4));
    tensors_["key.bias"] = StoredTensor::of(Shape{7}, numbers(7, 5));
    tensors_["value.bias"] = StoredTensor::of(Shape{33}, numbers(33, 6));
  }
  Tensor<float> apply(const Linear& linear, Index count) {
    Tensor<float> x(Shape{count, inputs});
    const std::vector<float> values = numbers(x.count(), 9);
    std::copy(values.begin(), values.end(), x.data());
    Tensor<float> y(Shape{count, linear.outputs()});
    Context context = this->context();
    linear(context, x, y);
    return y;
  }
  /// One Linear of three parts against three of one each: the same bits.
  void expect_fused_equals_separate(bool bias, const WeightType type) {
    const Weights weights = this->weights(type);
    const std::vector<MatrixPart> parts = {{"query", 20}, {"key", 7}, {"value", 33}};
    const Linear fused({inputs, parts, bias}, weights);
    ASSERT_EQ(fused.outputs(), 60);
    ASSERT_EQ(fused.parts().size(), 3U);
    for (const Index count : {1, 5, 40}) {
      const Tensor<float> together = apply(fused, count);
      Index column = 0;
      for (const MatrixPart& part : parts) {
        const Linear alone({inputs, {part}, bias}, weights);
        const Tensor<float> y = apply(alone, count);
        for (Index r = 0; r < count; ++r) {
          ASSERT_EQ(std::memcmp(together.view().row(r) + column, y.view().row(r),
                                static_cast<std::size_t>(part.outputs) * sizeof(float)),
                    0)
              << part.name << ", row " << r << " of " << count;
        }
        column += part.outputs;
      }
    }
  }
};

TEST_F(Linears, MultipliesAndAddsItsBias) {
  const Linear linear({inputs, {{"query", 20}}, true}, weights());
  const Tensor<float> y = apply(linear, 3);
  const std::vector<float> weight = tensors_["query.weight"].floats();
  const std::vector<float> bias = tensors_["query.bias"].floats();
  const std::vector<float> x = numbers(3 * inputs, 9);
  for (Index r = 0; r < 3; ++r) {
    for (Index n = 0; n < 20; ++n) {
      double sum = static_cast<double>(bias[static_cast<std::size_t>(n)]);
      for (Index k = 0; k < inputs; ++k) {
        sum += static_cast<double>(x[static_cast<std::size_t>(r * inputs + k)]) *
               static_cast<double>(weight[static_cast<std::size_t>(n * inputs + k)]);
      }
      EXPECT_NEAR(static_cast<double>(y.view().row(r)[n]), sum, 1e-5) << "row " << r << ", output " << n;
    }
  }
}

TEST_F(Linears, PartsOfOneTypeEqualSeparateOnes) {
  for (const bool bias : {false, true}) expect_fused_equals_separate(bias, WeightType::stored());
}

TEST_F(Linears, PartsOfMixedTypesEqualSeparateOnes) {
  tensors_["key.weight"] = narrowed(tensors_["key.weight"], DType::bf16);
  tensors_["value.weight"] = narrowed(tensors_["value.weight"], DType::f16);
  for (const bool bias : {false, true}) expect_fused_equals_separate(bias, WeightType::stored());
}

TEST_F(Linears, QuantisedPartsEqualSeparateOnes) {
  for (const DType dtype : {DType::q8_0, DType::q4_0, DType::q5_0, DType::bf16}) {
    SCOPED_TRACE(name_of(dtype));
    expect_fused_equals_separate(true, dtype);
  }
}

TEST_F(Linears, SumsAndEpiloguesGiveTheBitsOfSeparateSteps) {
  tensors_["key.weight"] = narrowed(tensors_["key.weight"], DType::bf16);  // two matrices, in columns 0 and 20
  for (const bool bias : {false, true}) {
    const Linear linear({inputs, {{"query", 20}, {"key", 7}}, bias}, weights());
    for (const Index count : {1, 40}) {
      Tensor<float> x(Shape{count, inputs});
      const std::vector<float> values = numbers(x.count(), 9);
      std::copy(values.begin(), values.end(), x.data());
      Tensor<float> expected = apply(linear, count);
      Context context = this->context();
      Tensor<float> sum(expected.shape());
      const std::vector<float> before = numbers(sum.count(), 8);
      std::copy(before.begin(), before.end(), sum.data());
      linear.add(context, x, sum);
      for (std::size_t i = 0; i < before.size(); ++i) ASSERT_EQ(sum.data()[i], before[i] + expected.data()[i]) << i;

      Tensor<float> activated(expected.shape());
      linear(context, x, activated, kernels::Activate{kernels::Activation::gelu, context.compute().isa});
      kernels::activate(context.compute(), kernels::Activation::gelu, expected);
      for (Index i = 0; i < expected.count(); ++i) ASSERT_EQ(activated.data()[i], expected.data()[i]) << i;
    }
  }
}

TEST_F(Linears, ATiedHeadUsesTheEmbeddingsTable) {
  const MatrixPart part{"query", 20};
  const kernels::PackedMatrix table = weights().matrices(std::span(&part, 1), inputs).front();
  const Linear tied = Linear::tied(table);
  const Linear own({inputs, {part}, false}, weights());
  EXPECT_EQ(tied.outputs(), 20);
  const Tensor<float> a = apply(tied, 4);
  const Tensor<float> b = apply(own, 4);
  EXPECT_EQ(std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.count()) * sizeof(float)), 0);
}

}  // namespace
}  // namespace headformer::testing
