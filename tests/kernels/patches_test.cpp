#include "headformer/kernels/patches.hpp"

#include <headformer/kernels/depthwise.hpp>

#include "row_kernels.hpp"

namespace headformer {
namespace {

/// What a window sees, one pixel after the other.
std::vector<float> seen_slowly(const std::vector<float>& picture, Index channels, Grid size,
                               const kernels::PatchWindow& window, Grid places) {
  std::vector<float> rows;
  for (Index p = 0; p < places.count(); ++p) {
    for (Index c = 0; c < channels; ++c) {
      for (Index r = 0; r < window.size.height; ++r) {
        for (Index q = 0; q < window.size.width; ++q) {
          const Index y = p / places.width * window.stride.height - window.padding.height + r;
          const Index x = p % places.width * window.stride.width - window.padding.width + q;
          const bool inside = y >= 0 && y < size.height && x >= 0 && x < size.width;
          rows.push_back(inside ? picture[static_cast<std::size_t>((c * size.height + y) * size.width + x)] : 0.0F);
        }
      }
    }
  }
  return rows;
}

TEST(Patches, AreWhatTheWindowSees) {
  const struct {
    Grid picture;
    kernels::PatchWindow window;
    Grid places;
  } table[] = {
      {{8, 8}, {{4, 4}, {4, 4}}, {2, 2}},         {{9, 11}, {{4, 2}, {4, 2}}, {2, 5}},  // what is left over is not seen
      {{7, 5}, {{7, 7}, {4, 4}, {3, 3}}, {2, 2}},                                       // overlapping, padded
      {{3, 3}, {{5, 5}, {1, 1}, {2, 2}}, {3, 3}},                                       // wider than the picture
      {{6, 6}, {{4, 4}, {4, 4}}, {2, 2}},                                               // more places than fit
  };
  ThreadPool pool(3);
  const Compute compute{pool};
  for (const auto& item : table) {
    constexpr Index channels = 3;
    const std::vector<float> picture =
        testing::random_values(static_cast<std::size_t>(channels * item.picture.count()), 3);
    const Index width = channels * item.window.size.count();
    std::vector<float> rows(static_cast<std::size_t>(item.places.count() * width), 7.0F);
    kernels::gather_patches(compute, {picture.data(), {channels, item.picture.height, item.picture.width}}, item.window,
                            item.places, TensorView<float>(rows.data(), {item.places.count(), width}));
    EXPECT_TRUE(testing::same_bits(rows, seen_slowly(picture, channels, item.picture, item.window, item.places)));
  }
}

/// Over maps, whose channels lie together: the windows in parts, as a convolution asks for them, and a depthwise
/// convolution against its definition.
TEST(Windows, OfMapsAreWhatTheWindowSees) {
  constexpr Index channels = 5;
  const Grid grid{7, 6};
  const kernels::PatchWindow window{{3, 3}, {2, 1}, {1, 1}};
  const Grid places = window.places(grid);
  const std::vector<float> map = testing::random_values(static_cast<std::size_t>(channels * grid.count()), 3);
  const std::vector<float> weights = testing::random_values(9 * channels, 4);
  const std::vector<float> bias = testing::random_values(channels, 5);
  std::vector<float> expected;
  std::vector<double> sums;
  for (Index p = 0; p < places.count(); ++p) {
    for (Index c = 0; c < channels; ++c) sums.push_back(bias[static_cast<std::size_t>(c)]);
    for (Index tap = 0; tap < 9; ++tap) {
      const Index y = p / places.width * 2 - 1 + tap / 3;
      const Index x = p % places.width - 1 + tap % 3;
      const bool inside = y >= 0 && y < grid.height && x >= 0 && x < grid.width;
      for (Index c = 0; c < channels; ++c) {
        expected.push_back(inside ? map[static_cast<std::size_t>((y * grid.width + x) * channels + c)] : 0.0F);
        sums[static_cast<std::size_t>(p * channels + c)] +=
            static_cast<double>(expected.back()) * weights[static_cast<std::size_t>(tap * channels + c)];
      }
    }
  }
  for (const int threads : {1, 3}) {
    ThreadPool pool(threads);
    std::vector<float> rows(expected.size(), 7.0F);
    const TensorView<float> all(rows.data(), {places.count(), 9 * channels});
    for (Index first = 0; first < places.count(); first += 10)
      kernels::gather_windows({pool}, {map.data(), {grid.count(), channels}}, grid, window, places, first,
                              all.slice_rows(first, std::min(first + 10, places.count())));
    EXPECT_TRUE(testing::same_bits(rows, expected));
    std::vector<float> y(sums.size());
    kernels::depthwise({pool}, {map.data(), {grid.count(), channels}}, grid, window, {weights.data(), {9, channels}},
                       {bias.data(), {channels}}, TensorView<float>(y.data(), {places.count(), channels}));
    for (std::size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], sums[i], 1e-5) << i;
  }
}

TEST(Patches, PlacesAreThoseThatFit) {
  const kernels::PatchWindow window{{4, 2}, {4, 2}};
  EXPECT_EQ(window.places({8, 8}), (Grid{2, 4}));
  EXPECT_EQ(window.places({11, 9}), (Grid{2, 4}));
  EXPECT_EQ(window.places({3, 9}).count(), 0);
  const kernels::PatchWindow padded{{7, 7}, {4, 4}, {3, 3}};
  EXPECT_EQ(padded.places({224, 224}), (Grid{56, 56}));
}

}  // namespace
}  // namespace headformer
