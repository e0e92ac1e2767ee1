#include "headformer/core/version.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Version, OneNumberComparesAsTheThreeDo) {
  static_assert(HEADFORMER_VERSION >= 0 * 10000 + 1 * 100 + 0);
  EXPECT_EQ(HEADFORMER_VERSION / 10000, HEADFORMER_VERSION_MAJOR);
  EXPECT_EQ(HEADFORMER_VERSION / 100 % 100, HEADFORMER_VERSION_MINOR);
  EXPECT_EQ(HEADFORMER_VERSION % 100, HEADFORMER_VERSION_PATCH);
}

}  // namespace
