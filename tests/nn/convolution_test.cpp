#include <array>
#include <headformer/kernels/activation.hpp>
#include <headformer/nn/convolutional_positions.hpp>
#include <headformer/nn/group_norm.hpp>
#include <headformer/nn/temporal_convolution.hpp>

#include "nn/modules.hpp"

namespace headformer::testing {
namespace {

class ConvolutionTest : public ModuleTest {};

/// By the definition: y[t][d] = b[d] + sum over taps and inputs of w[d][c][k] x[t * stride + k - padding][c].
TEST_F(ConvolutionTest, AWindowSeesItsRowsAndZerosAroundThem) {
  for (const auto& [taps, stride, padding] :
       {std::array<Index, 3>{3, 1, 1}, std::array<Index, 3>{3, 2, 1}, std::array<Index, 3>{4, 3, 0}}) {
    constexpr Index inputs = 3;
    constexpr Index outputs = 5;
    constexpr Index given = 9;
    const std::vector<float> w = numbers(outputs * inputs * taps, 1);
    const std::vector<float> b = numbers(outputs, 2);
    const std::vector<float> x = numbers(given * inputs, 3);
    tensors_["query.weight"] = StoredTensor::of(Shape{outputs, inputs, taps}, w);
    tensors_["query.bias"] = StoredTensor::of(Shape{outputs}, b);
    const TemporalConvolution convolution({inputs, outputs, taps, stride, padding}, weights() / "windows");
    Tensor<float> y(Shape{convolution.config.rows(given), outputs});
    ASSERT_EQ(y.size(0), (given + 2 * padding - taps) / stride + 1);
    Context pass = context();
    convolution(pass, TensorView<const float>(x.data(), Shape{given, inputs}), y);
    for (Index t = 0; t < y.size(0); ++t) {
      for (Index d = 0; d < outputs; ++d) {
        double sum = static_cast<double>(b[static_cast<std::size_t>(d)]);
        for (Index k = 0; k < taps; ++k) {
          const Index row = t * stride + k - padding;
          if (row < 0 || row >= given) continue;
          for (Index c = 0; c < inputs; ++c)
            sum += static_cast<double>(w[static_cast<std::size_t>((d * inputs + c) * taps + k)]) *
                   static_cast<double>(x[static_cast<std::size_t>(row * inputs + c)]);
        }
        EXPECT_NEAR(y.view().row(t)[d], sum, 1e-5) << t << ", " << d << " of " << taps << " taps";
      }
    }
  }
}

TEST_F(ConvolutionTest, FewerRowsThanTapsMakeNone) {
  EXPECT_EQ((TemporalConvolutionConfig{1, 1, 3}).rows(2), 0);
  EXPECT_EQ((TemporalConvolutionConfig{1, 1, 3, 1, 1}).rows(1), 1);
  EXPECT_EQ((TemporalConvolutionConfig{1, 1, 10, 5}).rows(10), 1);
}

/// Each group's columns over all rows have a mean of 0 and a variance of 1 before weight and bias.
TEST_F(ConvolutionTest, AGroupIsNormalisedOverAllRows) {
  constexpr Index width = 6;
  constexpr Index given = 50;
  tensors_["norm.weight"] = StoredTensor::of(Shape{width}, std::vector<float>(width, 2));
  tensors_["norm.bias"] = StoredTensor::of(Shape{width}, std::vector<float>(width, 3));
  std::vector<float> x = numbers(given * width, 1);
  for (float& value : x) value = 5 * value + 100;
  for (const Index groups : {Index{1}, Index{3}, width}) {
    const GroupNorm norm({width, groups}, weights() / "norm");
    Tensor<float> y(Shape{given, width});
    Context pass = context();
    norm(pass, TensorView<const float>(x.data(), Shape{given, width}), y);
    const Index each = width / groups;
    for (Index g = 0; g < groups; ++g) {
      double sum = 0;
      double squares = 0;
      for (Index r = 0; r < given; ++r) {
        for (Index c = g * each; c < (g + 1) * each; ++c) {
          const double value = (static_cast<double>(y.view().row(r)[c]) - 3) / 2;
          sum += value;
          squares += value * value;
        }
      }
      const auto count = static_cast<double>(given * each);
      EXPECT_NEAR(sum / count, 0, 1e-5) << groups << " groups";
      EXPECT_NEAR(squares / count, 1, 1e-4) << groups << " groups";
    }
  }
}

}  // namespace
}  // namespace headformer::testing
