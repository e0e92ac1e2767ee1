#include "headformer/kernels/patches.hpp"

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
