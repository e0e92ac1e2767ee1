#include "headformer/kernels/activation.hpp"

#include <functional>

#include "headformer/kernels/elementwise.hpp"
#include "row_kernels.hpp"

namespace headformer {
namespace {

using kernels::Activation;
using kernels::ElementFunction;
using testing::machine_isas;

/// Floats spread over every exponent, of both signs, about 260 000 of them.
std::vector<float> sweep(float lowest, float greatest) {
  std::vector<float> values = {0.0F, -0.0F, 1.0F, -1.0F, lowest, greatest};
  for (std::uint32_t bits = 1; bits < 0x7f800000U; bits += 16411) {
    const auto value = std::bit_cast<float>(bits);
    if (value <= greatest) values.push_back(value);
    if (-value >= lowest) values.push_back(-value);
  }
  for (int i = 0; i <= 60000; ++i) {  // and evenly over the range where most happens
    const float value = -30.0F + static_cast<float>(i) * 1e-3F;
    if (value >= lowest && value <= greatest) values.push_back(value);
  }
  return values;
}

/// The greatest error in ulp over the sweep.
double worst(const std::vector<float>& x, const std::vector<float>& y, const std::function<double(double)>& f) {
  double result = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) result = std::max(result, testing::ulp_error(y[i], f(x[i])));
  return result;
}

TEST(VectorMath, ErrorsAreAsDocumented) {
  struct Case {
    const char* name;
    std::function<void(const Compute&, TensorView<float>)> apply;
    std::function<double(double)> exact;
    float lowest;
    float greatest;
    double limit;           // ulp, with fused multiply-add
    double portable_limit;  // without
  };
  const Case cases[] = {
      {"exp", [](const Compute& c, TensorView<float> x) { transform(c, ElementFunction::exp, x); },
       [](double x) { return std::exp(x); }, -1e30F, 100.0F, 0.9, 1.1},
      {"exp2", [](const Compute& c, TensorView<float> x) { transform(c, ElementFunction::exp2, x); },
       [](double x) { return std::exp2(x); }, -1e30F, 130.0F, 0.8, 1.1},
      {"erf", [](const Compute& c, TensorView<float> x) { transform(c, ElementFunction::erf, x); },
       [](double x) { return std::erf(x); }, -1e30F, 1e30F, 0.9, 1.1},
      {"tanh", [](const Compute& c, TensorView<float> x) { activate(c, Activation::tanh, x); },
       [](double x) { return std::tanh(x); }, -1e30F, 1e30F, 2.1, 2.1},
      {"sigmoid", [](const Compute& c, TensorView<float> x) { activate(c, Activation::sigmoid, x); },
       [](double x) { return 1.0 / (1.0 + std::exp(-x)); }, -1e30F, 1e30F, 2.1, 2.1},
      {"silu", [](const Compute& c, TensorView<float> x) { activate(c, Activation::silu, x); },
       [](double x) { return x / (1.0 + std::exp(-x)); }, -80.0F, 1e30F, 3.0, 3.0},
  };
  SerialExecutor serial;
  for (const Isa isa : machine_isas()) {
    for (const Case& test : cases) {
      const std::vector<float> x = sweep(test.lowest, test.greatest);
      std::vector<float> y = x;
      test.apply({serial, isa}, {y.data(), {1, static_cast<Index>(y.size())}});
      const double error = worst(x, y, test.exact);
      EXPECT_LE(error, isa == Isa::portable ? test.portable_limit : test.limit) << test.name << " " << name_of(isa);
      RecordProperty(std::string(test.name) + "_" + std::string(name_of(isa)), std::to_string(error));
    }
  }
}

TEST(VectorMath, Exp2OfZeroIsOneAndNanStaysNan) {
  SerialExecutor serial;
  for (const Isa isa : machine_isas()) {
    const Compute compute{serial, isa};
    std::vector<float> values = {0.0F, -0.0F, std::nanf(""), -INFINITY, INFINITY, -1e30F};
    transform(compute, ElementFunction::exp2, {values.data(), {1, 6}});
    EXPECT_EQ(values[0], 1.0F);
    EXPECT_EQ(values[1], 1.0F);
    EXPECT_TRUE(std::isnan(values[2])) << name_of(isa);
    EXPECT_EQ(values[3], 0.0F);
    EXPECT_EQ(values[4], INFINITY);
    EXPECT_EQ(values[5], 0.0F);
    for (const Activation activation :
         {Activation::relu, Activation::relu_squared, Activation::sigmoid, Activation::tanh, Activation::silu,
          Activation::quick_gelu, Activation::gelu, Activation::gelu_tanh}) {
      float nan = std::nanf("");
      activate(compute, activation, {&nan, {1, 1}});
      EXPECT_TRUE(std::isnan(nan)) << static_cast<int>(activation) << " " << name_of(isa);
    }
  }
}

TEST(Activation, GeluHoldsFarOut) {
  SerialExecutor serial;
  for (const Isa isa : machine_isas()) {
    std::vector<float> x = {-INFINITY, -1e30F, -20.0F, -9.0F, -5.5F, 5.5F, 9.0F, 1e30F, INFINITY, 0.0F, 1e-30F};
    for (float value = -9.0F; value < 9.0F; value += 1.0F / 512) x.push_back(value);
    std::vector<float> y = x;
    activate({serial, isa}, Activation::gelu, {y.data(), {1, static_cast<Index>(y.size())}});
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (x[i] >= 1e30F) {
        EXPECT_EQ(y[i], x[i]);
        continue;
      }
      if (x[i] <= -1e30F) {
        EXPECT_NEAR(y[i], 0.0F, 1e-15F);
        continue;
      }
      const double d = static_cast<double>(x[i]);
      EXPECT_NEAR(y[i], 0.5 * d * std::erfc(-d * std::sqrt(0.5)), 2e-7 * std::max(std::abs(d), 1e-30)) << x[i];
    }
  }
}

double exact(Activation activation, double x) {
  const double positive = std::max(x, 0.0);
  switch (activation) {
    case Activation::identity:
      return x;
    case Activation::relu:
      return positive;
    case Activation::relu_squared:
      return positive * positive;
    case Activation::sigmoid:
      return 1.0 / (1.0 + std::exp(-x));
    case Activation::tanh:
      return std::tanh(x);
    case Activation::silu:
      return x / (1.0 + std::exp(-x));
    case Activation::quick_gelu:
      return x / (1.0 + std::exp(-1.702 * x));
    case Activation::gelu:
      return 0.5 * x * (1.0 + std::erf(x * std::sqrt(0.5)));
    case Activation::gelu_tanh:
      return 0.5 * x * (1.0 + std::tanh(std::sqrt(2.0 / 3.14159265358979323846) * (x + 0.044715 * x * x * x)));
  }
  return 0.0;
}

constexpr Activation all_activations[] = {Activation::identity,   Activation::relu, Activation::relu_squared,
                                          Activation::sigmoid,    Activation::tanh, Activation::silu,
                                          Activation::quick_gelu, Activation::gelu, Activation::gelu_tanh};

TEST(Activation, FollowsItsDefinitionInPlaceAndGated) {
  SerialExecutor serial;
  for (const Isa isa : machine_isas()) {
    const Compute compute{serial, isa};
    for (const Activation activation : all_activations) {
      for (const Index columns : {1, 3, 15, 16, 17, 53}) {
        constexpr Index rows = 3;
        const Index stride = columns + 5;
        const std::vector<float> x = testing::random_values(static_cast<std::size_t>(rows * stride), 1, 3.0F);
        const std::vector<float> up = testing::random_values(static_cast<std::size_t>(rows * columns), 2);
        std::vector<float> y = x;
        activate(compute, activation, {y.data(), {rows, columns}, stride});
        std::vector<float> z(static_cast<std::size_t>(rows * columns));
        gated(compute, activation, {x.data(), {rows, columns}, stride}, {up.data(), {rows, columns}},
              {z.data(), {rows, columns}});
        for (Index r = 0; r < rows; ++r) {
          for (Index c = 0; c < stride; ++c) {
            const auto i = static_cast<std::size_t>(r * stride + c);
            if (c >= columns) {
              EXPECT_EQ(y[i], x[i]) << "wrote past the row";
              continue;
            }
            const double expected = exact(activation, static_cast<double>(x[i]));
            const double tolerance = 4e-7 * std::max(1.0, std::abs(static_cast<double>(x[i])));
            EXPECT_NEAR(y[i], expected, std::max(tolerance, 3e-7 * std::abs(expected)));
            const auto k = static_cast<std::size_t>(r * columns + c);
            EXPECT_EQ(z[k], y[i] * up[k]);
          }
        }
      }
    }
  }
}

TEST(Activation, AnElementsBitsDependOnItAlone) {
  ThreadPool pool(3);
  SerialExecutor serial;
  for (const Isa isa : machine_isas()) {
    for (const Activation activation : all_activations) {
      const std::vector<float> x = testing::random_values(300 * 101, 3, 3.0F);
      std::vector<float> together = x;
      activate({pool, isa}, activation, {together.data(), {300, 101}});
      std::vector<float> alone = x;
      for (float& value : alone) activate({serial, isa}, activation, {&value, {1, 1}});
      EXPECT_TRUE(testing::same_bits(together, alone));
    }
  }
}

TEST(Activation, OtherSizesThrow) {
  SerialExecutor serial;
  std::vector<float> a(6);
  EXPECT_THROW(gated({serial}, Activation::silu, {a.data(), {2, 3}}, {a.data(), {3, 2}}, {a.data(), {2, 3}}),
               ArgumentError);
}

}  // namespace
}  // namespace headformer
