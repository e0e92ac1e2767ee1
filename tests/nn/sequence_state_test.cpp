#include "headformer/nn/sequence_state.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <set>

#include "support/errors.hpp"

namespace {
std::size_t aligned_allocations = 0;
}

// Pages come from the aligned operator new: counting it shows whether a sequence asked for memory. Inlined, g++ would
// take the pair for a mismatched one.
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  ++aligned_allocations;
  const auto align = static_cast<std::size_t>(alignment);
  void* memory = std::aligned_alloc(align, (bytes + align - 1) / align * align);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace headformer::testing {
namespace {

constexpr kernels::KeyValueLayout layout = {2, 4, 3, DType::f32};

class SequenceStates : public ::testing::Test {
 protected:
  SequenceState sequence(const std::vector<Index>& windows) const {
    std::vector<KeyValueSlotConfig> slots;
    for (const Index window : windows) slots.push_back({layout, window});
    return SequenceState(pool_, slots);
  }
  /// Appends rows whose keys and values say which position of which sequence they are.
  static void append(SequenceState& state, Index rows, float mark = 0) {
    state.prepare(rows);
    for (Index slot = 0; slot < state.slots(); ++slot) {
      for (Index i = 0; i < rows; ++i) {
        const Index position = state.length() + i;
        const std::vector<float> keys(8, static_cast<float>(position) + mark);
        const std::vector<float> values(6, -static_cast<float>(position) - mark);
        kernels::append(state.layout(slot), state.writable_page(slot, position), position % 64, keys.data(),
                        values.data());
      }
    }
    state.commit(rows);
  }
  /// The mark of a position, from what its page holds.
  static float mark_of(const SequenceState& state, Index slot, Index position) {
    float keys[8];
    float values[6];
    const std::byte* page = state.pages(slot)[static_cast<std::size_t>(position / 64)];
    if (page == nullptr) return -1;
    kernels::read_position(state.layout(slot), page, position % 64, keys, values);
    EXPECT_EQ(keys[0], -values[0]);
    return keys[7] - static_cast<float>(position);
  }
  static Index held(const SequenceState& state, Index slot) {
    const auto pages = state.pages(slot);
    return std::count_if(pages.begin(), pages.end(), [](const std::byte* page) { return page != nullptr; });
  }

  std::shared_ptr<PagePool> pool_ = std::make_shared<PagePool>();
};

TEST_F(SequenceStates, TakesAPageEvery64Positions) {
  SequenceState state = sequence({0, 0});
  EXPECT_EQ(state.length(), 0);
  EXPECT_EQ(state.bytes(), 0U);
  for (Index length = 1; length <= 130; ++length) {
    append(state, 1);
    ASSERT_EQ(state.length(), length);
    const Index pages = (length + 63) / 64;
    ASSERT_EQ(state.pages(0).size(), static_cast<std::size_t>(pages)) << "length " << length;
    ASSERT_EQ(state.bytes(), 2 * static_cast<std::size_t>(pages) * layout.page_bytes()) << "length " << length;
  }
  SequenceState at_once = sequence({0});
  append(at_once, 129);
  EXPECT_EQ(at_once.pages(0).size(), 3U);
  for (const Index position : {0, 63, 64, 128}) EXPECT_EQ(mark_of(at_once, 0, position), 0) << position;
}

TEST_F(SequenceStates, PreparingChangesNothingUntilItIsCommitted) {
  SequenceState state = sequence({0});
  append(state, 60);
  state.prepare(10);
  EXPECT_EQ(state.length(), 60);
  state.prepare(3);  // a pass that failed and is tried again with less
  state.commit(3);
  EXPECT_EQ(state.length(), 63);
  append(state, 2);
  EXPECT_EQ(mark_of(state, 0, 64), 0);
}

TEST_F(SequenceStates, WindowsDropPagesThatNoQueryWillSee) {
  for (const Index window : {1, 6, 64, 65, 100}) {
    SCOPED_TRACE("window " + std::to_string(window));
    SequenceState state = sequence({window, 0});
    for (Index length = 1; length <= 400; ++length) {
      append(state, 1);
      const Index needed = std::max<Index>(0, length - window + 1);  // by the next query
      for (Index position = needed; position < length; ++position) {
        ASSERT_NE(state.pages(0)[static_cast<std::size_t>(position / 64)], nullptr) << "length " << length;
      }
      ASSERT_LE(held(state, 0), (window + 2 * 64 + 63) / 64 + 1) << "length " << length;
      ASSERT_EQ(held(state, 1), (length + 63) / 64) << "a slot without a window keeps all";
    }
    EXPECT_EQ(state.pages(0).front(), nullptr);
    EXPECT_EQ(mark_of(state, 0, 399), 0);
  }
}

TEST_F(SequenceStates, AForkSharesPagesUntilOneOfTheTwoWrites) {
  SequenceState parent = sequence({0});
  append(parent, 70);
  SequenceState child = parent.fork(70);
  EXPECT_EQ(child.pages(0)[0], parent.pages(0)[0]);
  EXPECT_EQ(child.pages(0)[1], parent.pages(0)[1]);
  append(child, 1, 0.5F);
  EXPECT_EQ(child.pages(0)[0], parent.pages(0)[0]) << "a full page stays shared";
  EXPECT_NE(child.pages(0)[1], parent.pages(0)[1]) << "the page that is written to is the child's own";
  append(parent, 1, 0.25F);
  EXPECT_EQ(mark_of(parent, 0, 70), 0.25F);
  EXPECT_EQ(mark_of(child, 0, 70), 0.5F);
  for (Index position = 64; position < 70; ++position) EXPECT_EQ(mark_of(child, 0, position), 0) << position;
  const std::byte* own = child.pages(0)[1];
  append(child, 1, 0.5F);
  EXPECT_EQ(child.pages(0)[1], own) << "copied once";
}

TEST_F(SequenceStates, AForkOfAnEarlierLengthWritesToItsOwnPages) {
  for (const Index at : {0, 1, 63, 64, 65, 128}) {
    SCOPED_TRACE("fork at " + std::to_string(at));
    SequenceState parent = sequence({0});
    append(parent, 130);
    SequenceState child = parent.fork(at);
    EXPECT_EQ(child.length(), at);
    append(child, 100, 0.5F);
    for (Index position = 0; position < 130; ++position) ASSERT_EQ(mark_of(parent, 0, position), 0) << position;
    for (Index position = 0; position < at + 100; ++position)
      ASSERT_EQ(mark_of(child, 0, position), position < at ? 0 : 0.5F) << position;
  }
}

TEST_F(SequenceStates, AParentThatGoesBackDoesNotWriteToItsForksPages) {
  SequenceState parent = sequence({0});
  append(parent, 100);
  const SequenceState child = parent.fork(100);
  parent.truncate(66);
  append(parent, 34, 0.5F);
  for (Index position = 0; position < 100; ++position) {
    ASSERT_EQ(mark_of(child, 0, position), 0) << position;
    ASSERT_EQ(mark_of(parent, 0, position), position < 66 ? 0 : 0.5F) << position;
  }
}

TEST_F(SequenceStates, TruncatingGivesPagesBack) {
  SequenceState state = sequence({0});
  append(state, 200);
  state.truncate(65);
  EXPECT_EQ(state.length(), 65);
  EXPECT_EQ(state.bytes(), 2 * layout.page_bytes());
  const std::size_t before = aligned_allocations;
  append(state, 135, 0.5F);
  EXPECT_EQ(aligned_allocations, before) << "the pages that were given back are taken again";
  EXPECT_EQ(mark_of(state, 0, 64), 0);
  EXPECT_EQ(mark_of(state, 0, 65), 0.5F);
  state.truncate(0);
  EXPECT_EQ(state.bytes(), 0U);
}

TEST_F(SequenceStates, TruncatingRefusesWhatItCannotDo) {
  SequenceState state = sequence({0, 6});
  append(state, 300);
  expect_mentions(message_of<ArgumentError>([&] { state.truncate(301); }), {"0 to 300", "301"});
  expect_mentions(message_of<ArgumentError>([&] { state.truncate(-1); }), {"0 to 300", "-1"});
  expect_mentions(message_of<ArgumentError>([&] { state.truncate(20); }), {"window of 6", "192", "20", "15"});
  expect_mentions(message_of<ArgumentError>([&] { state.fork(196); }), {"window of 6", "191"});
  EXPECT_EQ(state.length(), 300) << "nothing has changed";
  for (const Index length : {301, -1, 20, 196}) EXPECT_FALSE(state.can_truncate(length)) << length;
  for (const Index length : {300, 197, 0}) EXPECT_TRUE(state.can_truncate(length)) << length;
  EXPECT_EQ(held(state, 0), 5);
  EXPECT_NO_THROW(state.truncate(197));
  EXPECT_NO_THROW(state.truncate(0)) << "an empty sequence needs no keys";
  append(state, 10, 0.5F);
  EXPECT_EQ(mark_of(state, 1, 3), 0.5F);
}

TEST_F(SequenceStates, ReservedMemoryIsAllThatAppendingTakes) {
  for (const Index rows : {1, 7, 100, 512}) {
    for (const std::vector<Index>& windows : {std::vector<Index>{0}, {6}, {0, 6, 100}}) {
      SCOPED_TRACE("rows " + std::to_string(rows) + ", first window " + std::to_string(windows[0]));
      pool_ = std::make_shared<PagePool>();
      SequenceState state = sequence(windows);
      state.reserve(1000, rows);
      EXPECT_EQ(state.bytes(), 0U) << "reserved is not held";
      const std::size_t before = aligned_allocations;
      for (Index length = 0; length < 1000; length += rows) append(state, std::min(rows, 1000 - length));
      EXPECT_EQ(aligned_allocations, before);
    }
  }
}

TEST_F(SequenceStates, EachSequenceReservesForItself) {
  SequenceState first = sequence({0, 6});
  SequenceState second = sequence({0, 6});
  first.reserve(500, 1);
  second.reserve(500, 1);
  SequenceState third = sequence({0, 6});  // takes what it needs, but nothing that is reserved
  append(third, 300);
  const std::size_t before = aligned_allocations;
  for (int i = 0; i < 500; ++i) {
    append(first, 1);
    append(second, 1, 0.5F);
  }
  EXPECT_EQ(aligned_allocations, before) << "both are there at once";
  for (const Index position : {0, 63, 499}) {
    EXPECT_EQ(mark_of(first, 0, position), 0);
    EXPECT_EQ(mark_of(second, 0, position), 0.5F);
  }
}

TEST_F(SequenceStates, WhatIsGivenBackStaysReserved) {
  SequenceState state = sequence({0, 6});
  state.reserve(500, 1);
  std::vector<PagePool::Page> others;
  const std::size_t before = aligned_allocations;
  for (const Index back : {499, 0, 130, 0}) {
    while (state.length() < 500) append(state, 1);
    EXPECT_EQ(aligned_allocations, before) << "before truncating to " << back;
    if (state.can_truncate(back)) state.truncate(back);
    // Others take whatever the pool has.
    while (pool_->free_pages(layout.page_bytes()) > 0) others.push_back(pool_->take(layout.page_bytes()));
  }
}

TEST_F(SequenceStates, TheNextSequenceReservesWhatTheLastOneLeft) {
  {
    sequence({0}).reserve(500, 1);
  }
  const std::size_t before = aligned_allocations;
  SequenceState next = sequence({0});
  next.reserve(500, 1);
  EXPECT_EQ(aligned_allocations, before);
  next.reserve(500, 1);
  EXPECT_EQ(aligned_allocations, before) << "asked for twice is not reserved twice";
}

TEST_F(SequenceStates, AForkHasNoPartInTheReserve) {
  SequenceState parent = sequence({0});
  append(parent, 70);
  parent.reserve(500, 1);
  SequenceState child = parent.fork(70);
  append(child, 300, 0.5F);  // from the pool
  const std::size_t before = aligned_allocations;
  append(parent, 300);
  EXPECT_EQ(aligned_allocations, before);
  EXPECT_EQ(mark_of(child, 0, 369), 0.5F);
  EXPECT_EQ(mark_of(parent, 0, 369), 0);
}

TEST_F(SequenceStates, ThePoolAsksForLargerPiecesUpToAHugePage) {
  constexpr std::size_t bytes = std::size_t{384} << 10;
  std::vector<PagePool::Page> pages;
  std::vector<std::size_t> pieces;
  while (pages.size() < 20) {
    const std::size_t spare = pool_->free_pages(bytes);
    pages.push_back(pool_->take(bytes));
    pages.back().get()[bytes - 1] = std::byte{1};
    if (spare == 0) pieces.push_back(pool_->free_pages(bytes) + 1);
  }
  EXPECT_EQ(pieces, (std::vector<std::size_t>{1, 1, 2, 4, 6, 6}));
  std::set<std::byte*> distinct;
  for (const PagePool::Page& page : pages) distinct.insert(page.get());
  EXPECT_EQ(distinct.size(), pages.size());
  pages.clear();
  EXPECT_EQ(pool_->free_pages(bytes), 20U);
}

TEST_F(SequenceStates, APageOutlivesItsPool) {
  SequenceState state = sequence({0});
  append(state, 3);
  const std::weak_ptr<PagePool> watched = pool_;
  pool_.reset();
  EXPECT_FALSE(watched.expired()) << "the sequence keeps its pool";
  PagePool::Page page;
  {
    const auto pool = std::make_shared<PagePool>();
    page = pool->take(64);
  }
  page.get()[63] = std::byte{1};  // and a page alone its memory
}

}  // namespace
}  // namespace headformer::testing
