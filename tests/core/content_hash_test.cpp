#include "headformer/core/content_hash.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "headformer/core/thread_pool.hpp"

namespace headformer {
namespace {

std::vector<std::byte> counting(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 37 + i / 256);
  return bytes;
}

TEST(ContentHash, SeesEveryBitAndEveryLength) {
  std::set<std::uint64_t> seen;
  for (const std::size_t size : {0U, 1U, 7U, 63U, 64U, 65U, 200U}) {
    std::vector<std::byte> bytes = counting(size);
    EXPECT_TRUE(seen.insert(ContentHash::of(bytes)).second) << size;
    for (std::size_t bit = 0; bit < 8 * size; ++bit) {
      bytes[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
      EXPECT_TRUE(seen.insert(ContentHash::of(bytes)).second) << size << " bytes, bit " << bit;
      bytes[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    }
  }
  for (std::size_t size = 2; size < 200; ++size) {  // zeros of different lengths
    EXPECT_TRUE(seen.insert(ContentHash::of(std::vector<std::byte>(size))).second) << size;
  }
}

TEST(ContentHash, SeesWordsThatChangePlaces) {
  std::vector<std::byte> bytes = counting(256);
  const std::uint64_t before = ContentHash::of(bytes);
  for (std::size_t i = 0; i < 256; i += 8) {
    for (std::size_t j = i + 8; j < 256; j += 8) {
      std::vector<std::byte> swapped = bytes;
      std::swap_ranges(swapped.begin() + static_cast<std::ptrdiff_t>(i),
                       swapped.begin() + static_cast<std::ptrdiff_t>(i + 8),
                       swapped.begin() + static_cast<std::ptrdiff_t>(j));
      EXPECT_NE(ContentHash::of(swapped), before) << i << " and " << j;
    }
  }
}

TEST(ContentHash, DoesNotDependOnTheNumberOfWorkers) {
  const std::vector<std::byte> bytes = counting((std::size_t{5} << 20) + 12345);
  SerialExecutor serial;
  const std::uint64_t one = ContentHash::of(serial, bytes);
  for (const int threads : {2, 3, 8}) {
    ThreadPool pool(threads);
    EXPECT_EQ(ContentHash::of(pool, bytes), one) << threads;
  }
  std::vector<std::byte> changed = bytes;
  changed.back() ^= std::byte{1};
  EXPECT_NE(ContentHash::of(serial, changed), one);
}

}  // namespace
}  // namespace headformer
