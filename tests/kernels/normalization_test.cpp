#include "headformer/kernels/normalization.hpp"

#include "row_kernels.hpp"

namespace headformer {
namespace {

constexpr float epsilon = 1e-5F;

/// Both norms of `width` values in double precision; a null pointer is a missing parameter.
std::vector<double> exact_norm(const float* x, Index width, const float* weight, const float* bias, bool centred,
                               double offset) {
  double mean = 0.0;
  double squares = 0.0;
  for (Index i = 0; i < width; ++i) mean += x[i];
  mean = centred ? mean / static_cast<double>(width) : 0.0;
  for (Index i = 0; i < width; ++i) squares += (x[i] - mean) * (x[i] - mean);
  const double factor = 1.0 / std::sqrt(squares / static_cast<double>(width) + static_cast<double>(epsilon));
  std::vector<double> y(static_cast<std::size_t>(width));
  for (Index i = 0; i < width; ++i) {
    const double w = weight == nullptr ? 1.0 : weight[i] + offset;
    y[static_cast<std::size_t>(i)] = (x[i] - mean) * factor * w + (bias == nullptr ? 0.0 : bias[i]);
  }
  return y;
}

TEST(Normalization, AgreesWithDoublePrecision) {
  SerialExecutor serial;
  for (const Isa isa : testing::machine_isas()) {
    const Compute compute{serial, isa};
    for (const Index width : {1, 2, 15, 16, 63, 64, 65, 80, 640, 2048}) {
      constexpr Index rows = 3;
      const Index stride = width + 3;
      std::vector<float> x = testing::random_values(static_cast<std::size_t>(rows * stride), 7, 2.0F);
      for (float& value : x) value += 0.5F;
      const std::vector<float> weight = testing::random_values(static_cast<std::size_t>(width), 8);
      const std::vector<float> bias = testing::random_values(static_cast<std::size_t>(width), 9);
      const TensorView<const float> view(x.data(), {rows, width}, stride);
      const TensorView<const float> w(weight.data(), {width});
      const TensorView<const float> b(bias.data(), {width});
      std::vector<float> y(static_cast<std::size_t>(rows * width));
      const TensorView<float> to(y.data(), {rows, width});
      const auto check = [&](const float* used_weight, const float* used_bias, bool centred, double offset,
                             const char* what) {
        for (Index r = 0; r < rows; ++r) {
          const auto expected = exact_norm(view.row(r), width, used_weight, used_bias, centred, offset);
          double magnitude = 0.0;
          for (const double value : expected) magnitude = std::max(magnitude, std::abs(value));
          const auto d = testing::difference(to.row_span(r), expected);
          EXPECT_LE(d.greatest, 1e-6 * std::max(magnitude, 0.1))
              << what << " " << name_of(isa) << " width " << width << " at " << d.index;
        }
      };
      kernels::rms_norm(compute, view, w, epsilon, to);
      check(weight.data(), nullptr, false, 0.0, "rms");
      kernels::rms_norm(compute, view, w, epsilon, to, 1.0F);
      check(weight.data(), nullptr, false, 1.0, "rms, offset");
      kernels::rms_norm(compute, view, {}, epsilon, to);
      check(nullptr, nullptr, false, 0.0, "rms, no weight");
      kernels::layer_norm(compute, view, w, b, epsilon, to);
      check(weight.data(), bias.data(), true, 0.0, "layer");
      kernels::layer_norm(compute, view, w, {}, epsilon, to);
      check(weight.data(), nullptr, true, 0.0, "layer, no bias");
      kernels::layer_norm(compute, view, {}, {}, epsilon, to);
      check(nullptr, nullptr, true, 0.0, "layer, bare");
    }
  }
}

TEST(Normalization, HeadsAreNormalisedOneByOneAndBitsDoNotDependOnCompany) {
  ThreadPool pool(3);
  SerialExecutor serial;
  constexpr Index rows = 50;
  constexpr Index heads = 5;
  constexpr Index width = 72;
  for (const Isa isa : testing::machine_isas()) {
    std::vector<float> x = testing::random_values(rows * heads * width, 10);
    const std::vector<float> weight = testing::random_values(width, 11);
    const std::vector<float> bias = testing::random_values(width, 12);
    const TensorView<const float> w(weight.data(), {width});
    const TensorView<const float> b(bias.data(), {width});
    for (const bool centred : {false, true}) {
      std::vector<float> together(x.size());
      std::vector<float> alone = x;
      const TensorView<const float> all(x.data(), {rows, heads, width});
      const TensorView<float> to(together.data(), {rows, heads, width});
      if (centred) {
        kernels::layer_norm({pool, isa}, all, w, b, epsilon, to);
      } else {
        kernels::rms_norm({pool, isa}, all, w, epsilon, to);
      }
      for (Index i = 0; i < rows * heads; ++i) {  // in place, one vector a call
        const TensorView<float> one(alone.data() + i * width, {1, width});
        if (centred) {
          kernels::layer_norm({serial, isa}, one, w, b, epsilon, one);
        } else {
          kernels::rms_norm({serial, isa}, one, w, epsilon, one);
        }
      }
      EXPECT_TRUE(testing::same_bits(together, alone)) << name_of(isa);
    }
  }
}

TEST(Normalization, OtherSizesThrow) {
  SerialExecutor serial;
  std::vector<float> a(6);
  const TensorView<float> x(a.data(), {2, 3});
  EXPECT_THROW(kernels::rms_norm({serial}, x, {a.data(), {2}}, epsilon, x), ArgumentError);
  EXPECT_THROW(kernels::layer_norm({serial}, x, {}, {a.data(), {2}}, epsilon, x), ArgumentError);
  EXPECT_THROW(kernels::rms_norm({serial}, x, {}, epsilon, {a.data(), {3, 2}}), ArgumentError);
}

}  // namespace
}  // namespace headformer
