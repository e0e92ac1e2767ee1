#include "headformer/core/log.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace headformer {
namespace {

TEST(Log, IsSilentByDefault) {
  EXPECT_FALSE(Log{});
  EXPECT_FALSE(ProgressCallback{});
}

TEST(Cancellation, CopiesShareTheSwitch) {
  Cancellation mine;
  const Cancellation theirs = mine;
  EXPECT_FALSE(theirs.cancelled());
  EXPECT_NO_THROW(theirs.throw_if_cancelled());
  mine.cancel();
  EXPECT_TRUE(theirs.cancelled());
  EXPECT_THROW(theirs.throw_if_cancelled(), CancelledError);
  mine.reset();
  EXPECT_NO_THROW(theirs.throw_if_cancelled());
}

TEST(Cancellation, SeparateSwitchesAreSeparate) {
  Cancellation a;
  const Cancellation b;
  a.cancel();
  EXPECT_FALSE(b.cancelled());
}

TEST(Cancellation, ReachesAnotherThread) {
  Cancellation cancellation;
  std::thread worker([cancellation] {
    while (!cancellation.cancelled()) std::this_thread::yield();
  });
  cancellation.cancel();
  worker.join();
}

}  // namespace
}  // namespace headformer
