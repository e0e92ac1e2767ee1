#include "headformer/kernels/matmul.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "headformer/kernels/activation.hpp"
#include "headformer/kernels/elementwise.hpp"
#include "kernels/packed_rows.hpp"

namespace headformer {
namespace {

using kernels::Activation;
using kernels::Epilogue;
using kernels::matmul;
using kernels::PackedMatrix;
using kernels::Product;
using testing::EncodedMatrix;

/// y = x * weights^T, x [M, K] contiguous.
std::vector<float> product_of(const Compute& compute, const std::vector<float>& x, const PackedMatrix& weights) {
  const auto rows = static_cast<Index>(x.size()) / weights.inputs();
  std::vector<float> y(static_cast<std::size_t>(rows * weights.outputs()), -7.0F);
  Scratch scratch;
  matmul(compute, {x.data(), Shape{rows, weights.inputs()}}, weights, {y.data(), Shape{rows, weights.outputs()}},
         scratch);
  return y;
}

/// x [M, K] as int8 activations have it: 32 at a time, the greatest becomes 127.
std::vector<float> rounded_to_int8(std::vector<float> x) {
  for (std::size_t begin = 0; begin < x.size(); begin += 32) {
    float greatest = 0.0F;
    for (std::size_t i = begin; i < begin + 32; ++i) greatest = std::max(greatest, std::abs(x[i]));
    const float scale = greatest / 127.0F;
    const float factor = greatest == 0.0F ? 0.0F : 127.0F / greatest;
    for (std::size_t i = begin; i < begin + 32; ++i) x[i] = std::nearbyint(x[i] * factor) * scale;
  }
  return x;
}

/// The product in double precision, and for each output the sum of magnitudes that rounding errors scale with.
void expect_near_exact(const std::vector<float>& found, const std::vector<float>& x, const EncodedMatrix& weights) {
  const Index rows = static_cast<Index>(x.size()) / weights.inputs;
  for (Index row = 0; row < rows; ++row) {
    for (Index n = 0; n < weights.outputs; ++n) {
      double sum = 0.0;
      double magnitude = 0.0;
      for (Index k = 0; k < weights.inputs; ++k) {
        const double term = static_cast<double>(x[static_cast<std::size_t>(row * weights.inputs + k)]) *
                            static_cast<double>(weights.values[static_cast<std::size_t>(n * weights.inputs + k)]);
        sum += term;
        magnitude += std::abs(term);
      }
      const double difference =
          std::abs(sum - static_cast<double>(found[static_cast<std::size_t>(row * weights.outputs + n)]));
      ASSERT_LE(difference, 4e-6 * magnitude + 1e-30)
          << "row " << row << " output " << n << ": expected " << sum << ", difference " << difference;
    }
  }
}

std::vector<float> rounded_to_bf16(std::vector<float> x) {
  for (float& value : x) value = static_cast<float>(bfloat16(value));
  return x;
}

struct Case {
  DType dtype;
  Isa isa;
  Activations activations;
};

class Matmul : public ::testing::TestWithParam<Case> {
 protected:
  Index block() const { return static_cast<Index>(block_length(GetParam().dtype)); }
  Compute compute() { return {executor_, GetParam().isa, GetParam().activations}; }
  Compute compute(Executor& executor) { return {executor, GetParam().isa, GetParam().activations}; }
  /// x as the weights meet it.
  std::vector<float> met(const std::vector<float>& x) const {
    if (GetParam().activations == Activations::int8) return rounded_to_int8(x);
    return GetParam().activations == Activations::bf16 ? rounded_to_bf16(x) : x;
  }

  SerialExecutor executor_;
};

std::vector<Case> cases() {
  std::vector<Case> result;
  for (const DType dtype : testing::packable_dtypes) {
    for (const Isa isa : testing::machine_isas()) {
      result.push_back({dtype, isa, Activations::f32});
      if (is_quantised(dtype)) result.push_back({dtype, isa, Activations::int8});
      if (!is_quantised(dtype) || dtype == DType::q8_0) result.push_back({dtype, isa, Activations::bf16});
    }
  }
  return result;
}

INSTANTIATE_TEST_SUITE_P(EveryDTypeIsaAndActivations, Matmul, ::testing::ValuesIn(cases()), [](const auto& test) {
  return std::string(name_of(test.param.dtype)) + "_" + std::string(name_of(test.param.isa)) +
         (test.param.activations == Activations::int8   ? "_int8"
          : test.param.activations == Activations::bf16 ? "_bf16_activations"
                                                        : "");
});

TEST_P(Matmul, EqualsTheExactProduct) {
  const bool plain = !is_quantised(GetParam().dtype);
  const std::vector<Index> inputs =
      plain ? std::vector<Index>{1, 3, 31, 200} : std::vector<Index>{block(), 3 * block(), 9 * block()};
  for (const Index outputs : {1, 33, 47, 48, 49, 100}) {
    for (const Index k : inputs) {
      const EncodedMatrix weights = testing::random_matrix(GetParam().dtype, outputs, k, 11);
      const PackedMatrix packed = weights.pack(executor_);
      for (const Index rows : {1, 2, 7, 13}) {
        SCOPED_TRACE(to_string(Shape{rows, outputs, k}));
        const auto x = testing::random_values(static_cast<std::size_t>(rows * k), 5);
        ASSERT_NO_FATAL_FAILURE(expect_near_exact(product_of(compute(), x, packed), met(x), weights));
      }
    }
  }
}

TEST_P(Matmul, EqualsTheF32ProductOfTheWidenedWeightsBitForBit) {
  if (GetParam().activations != Activations::f32) return;
  const Index inputs = 2304;  // more than a block of any kind
  const EncodedMatrix weights = testing::random_matrix(GetParam().dtype, 70, inputs, 3);
  const PackedMatrix packed = weights.pack(executor_);
  const PackedMatrix widened = weights.pack_widened(executor_);
  for (const Index rows : {1, 5, 21}) {
    const auto x = testing::random_values(static_cast<std::size_t>(rows * inputs), 9);
    EXPECT_TRUE(testing::same_bits(product_of(compute(), x, packed), product_of(compute(), x, widened))) << rows;
  }
}

TEST_P(Matmul, ARowHasTheSameBitsAloneAndAmongAnyOthers) {
  const Index inputs = is_quantised(GetParam().dtype) ? 2304 : 2307;
  const Index outputs = 83;
  const PackedMatrix packed = testing::random_matrix(GetParam().dtype, outputs, inputs, 3).pack(executor_);
  const auto row = testing::random_values(static_cast<std::size_t>(inputs), 9);
  const std::vector<float> alone = product_of(compute(), row, packed);
  for (const Index rows : {2, 3, 4, 5, 6, 7, 8, 9, 130, 200}) {
    auto x = testing::random_values(static_cast<std::size_t>(rows * inputs), 10);
    for (Index at = 0; at < rows; at += rows < 10 ? 1 : 43) {
      std::copy(row.begin(), row.end(), x.begin() + at * inputs);
    }
    const std::vector<float> y = product_of(compute(), x, packed);
    for (Index at = 0; at < rows; at += rows < 10 ? 1 : 43) {
      EXPECT_EQ(std::memcmp(y.data() + at * outputs, alone.data(), alone.size() * sizeof(float)), 0)
          << "row " << at << " of " << rows;
    }
  }
}

TEST_P(Matmul, TheNumberOfThreadsChangesNoBit) {
  const Index inputs = 512;
  const PackedMatrix packed = testing::random_matrix(GetParam().dtype, 229, inputs, 3).pack(executor_);
  const PackedMatrix narrow = testing::random_matrix(GetParam().dtype, 20, inputs, 4).pack(executor_);
  for (const Index rows : {1, 4, 200}) {
    const auto x = testing::random_values(static_cast<std::size_t>(rows * inputs), 9);
    const std::vector<float> serial = product_of(compute(), x, packed);
    const std::vector<float> narrow_serial = product_of(compute(), x, narrow);
    for (const int threads : {2, 3, 7}) {
      ThreadPool pool(threads);
      EXPECT_TRUE(testing::same_bits(product_of(compute(pool), x, packed), serial)) << rows << " " << threads;
      EXPECT_TRUE(testing::same_bits(product_of(compute(pool), x, narrow), narrow_serial)) << rows << " " << threads;
    }
  }
}

class MatmulOn : public ::testing::TestWithParam<Isa> {
 protected:
  SerialExecutor executor_;
};

INSTANTIATE_TEST_SUITE_P(EveryIsa, MatmulOn, ::testing::ValuesIn(testing::machine_isas()),
                         [](const auto& test) { return std::string(name_of(test.param)); });

TEST_P(MatmulOn, RowsMayHaveAStride) {
  const Index rows = 11;
  const Index inputs = 65;
  const Index outputs = 51;
  const EncodedMatrix weights = testing::random_matrix(DType::f32, outputs, inputs, 3);
  const PackedMatrix packed = weights.pack(executor_);
  const auto x = testing::random_values(static_cast<std::size_t>(rows * inputs), 9);
  const std::vector<float> expected = product_of({executor_, GetParam()}, x, packed);

  std::vector<float> wide_x(static_cast<std::size_t>(rows * 80), 1e30F);
  std::vector<float> wide_y(static_cast<std::size_t>(rows * 60), 3.0F);
  for (Index row = 0; row < rows; ++row) {
    std::copy_n(x.begin() + row * inputs, inputs, wide_x.begin() + row * 80 + 5);
  }
  const TensorView<float> y(wide_y.data(), Shape{rows, 60});
  Scratch scratch;
  matmul({executor_, GetParam()}, TensorView<const float>(wide_x.data(), Shape{rows, 80}).slice_columns(5, 70), packed,
         y.slice_columns(2, 53), scratch);
  for (Index row = 0; row < rows; ++row) {
    EXPECT_EQ(std::memcmp(y.row(row) + 2, expected.data() + row * outputs, outputs * sizeof(float)), 0);
    for (const Index outside : {0, 1, 53, 59}) EXPECT_EQ(y.row(row)[outside], 3.0F) << row << " " << outside;
  }
}

TEST_P(MatmulOn, SeveralProductsAtOnceEqualEachAlone) {
  const Index inputs = 256;
  const std::vector<std::pair<DType, Index>> parts = {{DType::q4_k, 96}, {DType::f32, 1},    {DType::f32, 0},
                                                      {DType::q6_k, 40}, {DType::bf16, 150}, {DType::q8_0, 32}};
  std::vector<PackedMatrix> weights;
  for (const auto& [dtype, outputs] : parts) {
    weights.push_back(testing::random_matrix(dtype, outputs, inputs, 3).pack(executor_));
  }
  for (const Index rows : {1, 9, 150}) {
    const auto x = testing::random_values(static_cast<std::size_t>(rows * inputs), 9);
    for (const int threads : {1, 2, 3, 16}) {
      ThreadPool pool(threads);
      std::vector<std::vector<float>> found;
      std::vector<Product> products;
      for (const PackedMatrix& matrix : weights) {
        found.emplace_back(static_cast<std::size_t>(rows * matrix.outputs()));
      }
      for (std::size_t i = 0; i < weights.size(); ++i) {
        products.push_back({&weights[i], {found[i].data(), Shape{rows, weights[i].outputs()}}, nullptr});
      }
      Scratch scratch;
      matmul({pool, GetParam(), Activations::automatic}, {x.data(), Shape{rows, inputs}}, products, scratch);
      for (std::size_t i = 0; i < weights.size(); ++i) {
        EXPECT_TRUE(
            testing::same_bits(found[i], product_of({executor_, GetParam(), Activations::automatic}, x, weights[i])))
            << "product " << i << " rows " << rows << " threads " << threads;
      }
    }
  }
}

TEST_P(MatmulOn, AnEpilogueSeesEveryElementOnce) {
  const Index inputs = 2304;  // sums are put down and taken up again
  const Index outputs = 100;
  for (const DType dtype : {DType::f32, DType::q8_0}) {
    const PackedMatrix packed = testing::random_matrix(dtype, outputs, inputs, 3).pack(executor_);
    for (const Index rows : {1, 19, 150}) {
      const auto x = testing::random_values(static_cast<std::size_t>(rows * inputs), 9);
      const std::vector<float> plain = product_of({executor_, GetParam(), Activations::automatic}, x, packed);
      for (const int threads : {1, 3}) {
        ThreadPool pool(threads);
        const Compute compute{pool, GetParam(), Activations::automatic};
        std::vector<float> y(plain.size());
        const auto run = [&](const Epilogue& epilogue) {
          const Product product{&packed, {y.data(), Shape{rows, outputs}}, &epilogue};
          Scratch scratch;
          matmul(compute, {x.data(), Shape{rows, inputs}}, std::span(&product, 1), scratch);
        };
        // Each of the others has the bits of the kernel of its name.
        const auto expect_as = [&](const Epilogue& epilogue, auto&& kernel) {
          run(epilogue);
          std::vector<float> expected = plain;
          kernel(TensorView<float>(expected.data(), Shape{rows, outputs}));
          ASSERT_EQ(std::memcmp(y.data(), expected.data(), y.size() * sizeof(float)), 0);
        };
        expect_as(kernels::Scale{0.3F, compute.isa}, [&](auto view) { kernels::scale(compute, view, 0.3F); });
        expect_as(kernels::SoftCap{5.0F, compute.isa}, [&](auto view) { kernels::soft_cap(compute, view, 5.0F); });
        for (const Activation activation : {Activation::identity, Activation::gelu_tanh, Activation::silu}) {
          expect_as(kernels::Activate{activation, compute.isa},
                    [&](auto view) { kernels::activate(compute, activation, view); });
        }
      }
    }
  }
}

TEST_P(MatmulOn, ABiasIsAddedAndSumsGoOntoWhatIsThere) {
  struct Weights {
    DType dtype;
    Activations activations;
  };
  for (const auto& [dtype, activations] : {Weights{DType::f32, Activations::f32},
                                           {DType::bf16, Activations::f32},
                                           {DType::bf16, Activations::bf16},
                                           {DType::f16, Activations::f32},
                                           {DType::q4_k, Activations::f32},
                                           {DType::q8_0, Activations::int8}}) {
    for (const Index inputs : {256, 4864}) {  // the second in several blocks of k
      for (const Index outputs : {96, 70}) {  // whole panels, and a last one that is none
        const EncodedMatrix matrix = testing::random_matrix(dtype, outputs, inputs, 3);
        const PackedMatrix packed = matrix.pack(executor_);
        const auto bias = testing::random_values(static_cast<std::size_t>(outputs), 2, 30.0F);
        for (const Index rows : {1, 5, 19, 150}) {
          const std::string place = std::string(name_of(dtype)) + " K " + std::to_string(inputs) + " N " +
                                    std::to_string(outputs) + " M " + std::to_string(rows);
          const auto x = testing::random_values(static_cast<std::size_t>(rows * inputs), 9);
          const auto residual = testing::random_values(static_cast<std::size_t>(rows * outputs), 4, 30.0F);
          const std::vector<float> plain = product_of({executor_, GetParam(), activations}, x, packed);
          const auto run = [&](Executor& executor, const float* added, bool accumulate) {
            std::vector<float> y = residual;
            Product product{&packed, {y.data(), Shape{rows, outputs}}};
            product.bias = added;
            product.accumulate = accumulate;
            Scratch scratch;
            matmul({executor, GetParam(), activations}, {x.data(), Shape{rows, inputs}}, std::span(&product, 1),
                   scratch);
            return y;
          };
          const std::vector<float> biased = run(executor_, bias.data(), false);
          float rounding = 1e-4F;
          for (const float value : plain) rounding = std::max(rounding, 1e-5F * std::abs(value));
          for (std::size_t i = 0; i < plain.size(); ++i)
            ASSERT_NEAR(biased[i], plain[i] + bias[i % static_cast<std::size_t>(outputs)], rounding) << place;
          const std::vector<float> summed = run(executor_, bias.data(), true);
          for (std::size_t i = 0; i < plain.size(); ++i) ASSERT_EQ(summed[i], residual[i] + biased[i]) << place;
          const std::vector<float> only_summed = run(executor_, nullptr, true);
          for (std::size_t i = 0; i < plain.size(); ++i) ASSERT_EQ(only_summed[i], residual[i] + plain[i]) << place;
          ThreadPool three(3);
          ASSERT_TRUE(testing::same_bits(run(three, bias.data(), true), summed)) << place;
        }
      }
    }
  }
}

TEST_P(MatmulOn, Bf16ActivationsAreRoundedToNearestEven) {
  // Halves on both sides of even, a carry into the exponent, a denormal number, infinities and a NaN.
  const std::vector<float> x = {1.00390625F, 1.01171875F, 0x1.fffp0F, 1e-40F,    -1.00390625F, 3e38F, 0.0F,
                                -0.0F,       123.456F,    -7.89e-8F,  0x1.ffp9F, 1.5F,         2.0F,  -3.25F};
  const auto inputs = static_cast<Index>(x.size());
  EncodedMatrix unit{DType::f32, inputs, inputs, {}, std::vector<float>(x.size() * x.size())};
  for (std::size_t i = 0; i < x.size(); ++i) unit.values[i * x.size() + i] = 1.0F;
  const PackedMatrix packed = unit.pack_widened(executor_);
  EXPECT_EQ(product_of({executor_, GetParam(), Activations::bf16}, x, packed), rounded_to_bf16(x));
  std::vector<float> special(x.size(), 0.0F);
  special[3] = std::numeric_limits<float>::quiet_NaN();
  for (const float y : product_of({executor_, GetParam(), Activations::bf16}, special, packed)) {
    EXPECT_TRUE(std::isnan(y));
  }
}

/// What is multiplied in tiles of 16 rows, two at a time, of 16 pairs of k: every way to fill the last ones.
TEST_P(MatmulOn, TilesOfAnyFillingGiveTheSameBits) {
  constexpr Index most_rows = 65;
  for (const Index inputs : {1, 31, 32, 33, 64, 95, 320}) {
    for (const Index outputs : {1, 17, 48, 49, 96}) {
      const EncodedMatrix weights = testing::random_matrix(DType::bf16, outputs, inputs, 7);
      const PackedMatrix packed = weights.pack(executor_);
      const auto all = testing::random_values(static_cast<std::size_t>(most_rows * inputs), 6);
      const Compute compute{executor_, GetParam(), Activations::bf16};
      const std::vector<float> expected = product_of(compute, all, packed);
      SCOPED_TRACE(to_string(Shape{outputs, inputs}));
      ASSERT_NO_FATAL_FAILURE(expect_near_exact(expected, rounded_to_bf16(all), weights));
      for (const Index rows : {1, 15, 16, 17, 31, 32, 33, 48}) {
        const std::vector<float> x(all.begin(), all.begin() + rows * inputs);
        const std::vector<float> beginning(expected.begin(), expected.begin() + rows * outputs);
        EXPECT_TRUE(testing::same_bits(product_of(compute, x, packed), beginning)) << rows << " rows";
      }
    }
  }
}

TEST_P(MatmulOn, Int8ActivationsOfAnySizeAreFollowed) {
  // Zeros, tiny and huge blocks, and one great value among small ones.
  const Index inputs = 256;
  const EncodedMatrix weights = testing::random_matrix(DType::q4_k, 40, inputs, 3);
  const PackedMatrix packed = weights.pack(executor_);
  std::vector<float> x = testing::random_values(static_cast<std::size_t>(3 * inputs), 9);
  for (std::size_t i = 0; i < 32; ++i) {
    x[i] = 0.0F;
    x[32 + i] *= 1e-38F;
    x[64 + i] *= 1e20F;
  }
  x[130] = 1e6F;
  std::vector<float> expected = rounded_to_int8(x);
  std::fill_n(expected.begin() + 32, 32, 0.0F);  // below what a scale can hold
  expect_near_exact(product_of({executor_, GetParam(), Activations::int8}, x, packed), expected, weights);
}

TEST(MatmulIsas, DotProductsOfBytesChangeNoBit) {
  // The vectors are the same, and sums of integers are exact.
  SerialExecutor executor;
  const CpuFeatures features = CpuFeatures::detect();
  for (const auto& [plain, dot] :
       {std::pair{Isa::portable, Isa::neon_dot}, {Isa::portable, Isa::neon_i8mm}, {Isa::avx2, Isa::avx2_vnni}}) {
    if (!has_isa(features, dot)) continue;
    for (const DType dtype : testing::packable_dtypes) {
      if (!is_quantised(dtype)) continue;
      const Index inputs = 768;
      const PackedMatrix packed = testing::random_matrix(dtype, 70, inputs, 3).pack(executor);
      for (const Index rows : {1, 5, 21}) {
        const auto x = testing::random_values(static_cast<std::size_t>(rows * inputs), 9);
        EXPECT_TRUE(testing::same_bits(product_of({executor, dot, Activations::int8}, x, packed),
                                       product_of({executor, plain, Activations::int8}, x, packed)))
            << name_of(dtype) << " " << name_of(dot) << " rows " << rows;
      }
    }
  }
}

TEST(MatmulShapes, EmptyProductsAreFine) {
  SerialExecutor executor;
  Scratch scratch;
  const PackedMatrix weights = testing::random_matrix(DType::f32, 5, 4, 1).pack(executor);
  matmul({executor}, {nullptr, Shape{0, 4}}, weights, {nullptr, Shape{0, 5}}, scratch);
  matmul({executor}, {nullptr, Shape{3, 4}}, std::span<const Product>(), scratch);
  const PackedMatrix no_inputs = testing::random_matrix(DType::f32, 5, 0, 1).pack(executor);
  std::vector<float> y(10, 3.0F);
  matmul({executor}, {y.data(), Shape{2, 0}}, no_inputs, {y.data(), Shape{2, 5}}, scratch);
  EXPECT_EQ(y, std::vector<float>(10, 0.0F));
}

TEST(MatmulShapes, DisagreementIsAnErrorThatNamesBoth) {
  SerialExecutor executor;
  Scratch scratch;
  const PackedMatrix weights = testing::random_matrix(DType::f32, 5, 4, 1).pack(executor);
  std::vector<float> memory(100);
  const auto call = [&](const Shape& x, const Shape& y) {
    matmul({executor}, {memory.data(), x}, weights, {memory.data() + 50, y}, scratch);
  };
  EXPECT_NO_THROW(call({2, 4}, {2, 5}));
  EXPECT_THROW(call({2, 3}, {2, 5}), ArgumentError);
  EXPECT_THROW(call({2, 4}, {3, 5}), ArgumentError);
  EXPECT_THROW(call({2, 4}, {2, 6}), ArgumentError);
  try {
    call({2, 3}, {2, 5});
  } catch (const ArgumentError& error) {
    EXPECT_EQ(std::string(error.what()), "matmul: expected x [M, 4] and y [M, 5], found x [2, 3] and y [2, 5]");
  }
  const Product nothing{nullptr, {memory.data(), Shape{1, 1}}, nullptr};
  EXPECT_THROW(matmul({executor}, {memory.data(), Shape{1, 1}}, std::span(&nothing, 1), scratch), ArgumentError);
}

}  // namespace
}  // namespace headformer
