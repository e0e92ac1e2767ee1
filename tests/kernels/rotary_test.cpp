#include "headformer/kernels/rotary.hpp"

#include "row_kernels.hpp"

namespace headformer {
namespace {

using kernels::RotaryLayout;

TEST(Rotary, RotatesPairsOfBothLayoutsAndLeavesTheRest) {
  SerialExecutor serial;
  ThreadPool pool(3);
  struct Case {
    Index head_width;
    Index rotated;
  };
  for (const Isa isa : testing::machine_isas()) {
    for (const Case test : {Case{8, 8}, Case{64, 64}, Case{80, 20}, Case{128, 96}, Case{300, 300}, Case{6, 2}}) {
      for (const RotaryLayout layout : {RotaryLayout::half_split, RotaryLayout::interleaved}) {
        constexpr Index rows = 40;
        constexpr Index heads = 3;
        const Index half = test.rotated / 2;
        const Index stride = heads * test.head_width + 7;
        const std::vector<float> x = testing::random_values(static_cast<std::size_t>(rows * stride), 1);
        const std::vector<float> angle = testing::random_values(static_cast<std::size_t>(rows * half), 2, 3.0F);
        std::vector<float> cosine = angle;
        std::vector<float> sine = angle;
        for (float& value : cosine) value = std::cos(value);
        for (float& value : sine) value = std::sin(value);
        const TensorView<const float> cos_view(cosine.data(), {rows, half});
        const TensorView<const float> sin_view(sine.data(), {rows, half});

        std::vector<float> y = x;
        kernels::rotary({serial, isa}, {y.data(), {rows, heads, test.head_width}, stride}, cos_view, sin_view, layout);
        std::vector<float> expected = x;
        for (Index t = 0; t < rows; ++t) {
          for (Index h = 0; h < heads; ++h) {
            for (Index i = 0; i < half; ++i) {
              const Index head = t * stride + h * test.head_width;
              const bool split = layout == RotaryLayout::half_split;
              const auto a = static_cast<std::size_t>(head + (split ? i : 2 * i));
              const auto b = static_cast<std::size_t>(head + (split ? i + half : 2 * i + 1));
              const double c = cosine[static_cast<std::size_t>(t * half + i)];
              const double s = sine[static_cast<std::size_t>(t * half + i)];
              expected[a] = static_cast<float>(x[a] * c - x[b] * s);
              expected[b] = static_cast<float>(x[b] * c + x[a] * s);
            }
          }
        }
        EXPECT_LE(testing::difference(y, expected).greatest, 1e-6);

        std::vector<float> threaded = x;
        kernels::rotary({pool, isa}, {threaded.data(), {rows, heads, test.head_width}, stride}, cos_view, sin_view,
                        layout);
        std::vector<float> alone = x;
        for (Index t = 0; t < rows; ++t) {
          kernels::rotary({serial, isa}, {alone.data() + t * stride, {1, heads, test.head_width}},
                          cos_view.slice_rows(t, t + 1), sin_view.slice_rows(t, t + 1), layout);
        }
        EXPECT_TRUE(testing::same_bits(y, threaded));
        EXPECT_TRUE(testing::same_bits(y, alone));
      }
    }
  }
}

TEST(Rotary, OtherSizesThrow) {
  SerialExecutor serial;
  std::vector<float> a(64);
  const TensorView<float> x(a.data(), {2, 2, 8});
  const TensorView<const float> wide(a.data(), {2, 5});
  const TensorView<const float> tall(a.data(), {3, 4});
  EXPECT_THROW(kernels::rotary({serial}, x, wide, wide, RotaryLayout::half_split), ArgumentError);
  EXPECT_THROW(kernels::rotary({serial}, x, tall, tall, RotaryLayout::half_split), ArgumentError);
}

}  // namespace
}  // namespace headformer
