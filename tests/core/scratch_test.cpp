#include "headformer/core/scratch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <new>

namespace headformer {
namespace {

TEST(Scratch, TakenPiecesAreAlignedAndApart) {
  Scratch scratch;
  Scratch::Frame frame(scratch);
  const TensorView<float> a = frame.take<float>({3});
  const TensorView<std::int8_t> b = frame.take<std::int8_t>({5, 7});
  const TensorView<double> c = frame.take<double>({2, 2});
  EXPECT_EQ(b.shape(), Shape({5, 7}));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(a.data()) % 64, 0U);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(b.data()) % 64, 0U);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(c.data()) % 64, 0U);
  std::fill_n(a.data(), a.count(), 1.0F);
  std::fill_n(b.data(), b.count(), std::int8_t{2});
  std::fill_n(c.data(), c.count(), 3.0);
  EXPECT_TRUE(std::all_of(a.data(), a.data() + a.count(), [](float x) { return x == 1.0F; }));
  EXPECT_TRUE(std::all_of(b.data(), b.data() + b.count(), [](std::int8_t x) { return x == 2; }));
}

TEST(Scratch, AFrameGivesBackWhatItTook) {
  Scratch scratch;
  const Scratch::Frame outer(scratch);
  float* first = nullptr;
  {
    Scratch::Frame inner(scratch);
    first = inner.take<float>({100}).data();
  }
  Scratch::Frame inner(scratch);
  EXPECT_EQ(inner.take<float>({50}).data(), first);
}

TEST(Scratch, OuterPiecesSurviveInnerFrames) {
  Scratch scratch;
  Scratch::Frame outer(scratch);
  const TensorView<int> kept = outer.take<int>({1000});
  std::fill_n(kept.data(), kept.count(), 42);
  for (int i = 0; i < 3; ++i) {
    Scratch::Frame inner(scratch);
    const TensorView<int> big = inner.take<int>({Index{1} << (18 + i)});
    std::fill_n(big.data(), big.count(), 0);
  }
  EXPECT_TRUE(std::all_of(kept.data(), kept.data() + kept.count(), [](int x) { return x == 42; }));
}

TEST(Scratch, ASteadyStateAllocatesNothing) {
  Scratch scratch;
  const auto step = [&] {
    Scratch::Frame frame(scratch);
    frame.take<float>({300'000});
    {
      Scratch::Frame inner(scratch);
      inner.take<float>({900'000});
    }
    frame.take<float>({700'000});
  };
  EXPECT_EQ(scratch.capacity(), 0U);
  step();
  step();
  const std::size_t steady = scratch.capacity();
  EXPECT_GE(steady, 4U * 1'200'000U);
  for (int i = 0; i < 10; ++i) {
    step();
    EXPECT_EQ(scratch.capacity(), steady);
  }
  scratch.clear();
  EXPECT_EQ(scratch.capacity(), 0U);
}

TEST(Scratch, NothingMayBeTaken) {
  Scratch scratch;
  Scratch::Frame frame(scratch);
  EXPECT_EQ(frame.take<float>({0, 5}).count(), 0);
  EXPECT_EQ(frame.take<float>({1}).count(), 1);
}

TEST(Scratch, ASizeInBytesThatOverflowsIsRefused) {
  Scratch scratch;
  Scratch::Frame frame(scratch);
  EXPECT_THROW(frame.take<float>({Index{1} << 62}), std::bad_alloc);
  EXPECT_EQ(frame.take<float>({10}).count(), 10) << "and the arena still works";
}

}  // namespace
}  // namespace headformer
