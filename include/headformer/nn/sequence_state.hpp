#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/tensor.hpp"
#include "headformer/kernels/key_value_page.hpp"
#include "headformer/kernels/packing/storage.hpp"

namespace headformer {

/// Pages of key/value memory by size, kept when a sequence ends and handed to the next. Shared by the sequences of a
/// model's sessions; safe to use from several threads.
class PagePool : public std::enable_shared_from_this<PagePool> {
 public:
  using Page = std::shared_ptr<std::byte>;

  /// A page nobody else holds; its content is whatever it was.
  Page take(std::size_t bytes) {
    Page memory;
    {
      const std::lock_guard lock(mutex_);
      Pages& pages = pages_[bytes];
      if (pages.free.empty()) pages.grow(bytes);
      memory = std::move(pages.free.back());
      pages.free.pop_back();
    }
    std::byte* data = memory.get();
    auto holder = std::make_shared<Lease>(Lease{std::move(memory), bytes, weak_from_this()});
    return Page(std::move(holder), data);
  }

  /// Pages of this size that can be taken without asking the system for memory.
  std::size_t free_pages(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    return pages_[bytes].free.size();
  }

 private:
  /// Gives the memory back to the pool, if it still exists, when the last holder lets go.
  struct Lease {
    Page memory;
    std::size_t bytes;
    std::weak_ptr<PagePool> pool;
    Lease(Page m, std::size_t b, std::weak_ptr<PagePool> p) : memory(std::move(m)), bytes(b), pool(std::move(p)) {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (memory == nullptr) return;
      if (const auto owner = pool.lock()) owner->give_back(std::move(memory), bytes);
    }
  };

  void give_back(Page memory, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    try {
      pages_[bytes].free.push_back(std::move(memory));
    } catch (...) {  // out of memory: let the page go instead
      return;
    }
  }

  /// Pages of one size. They are parts of larger pieces of memory: the first is alone, and the pool doubles until a
  /// piece fills a huge page of the system's. Decode reads the whole cache in each step, one long stream with a table
  /// entry every 2 MB in place of every 4 kB.
  struct Pages {
    std::vector<Page> free;
    std::size_t count = 0;

    void grow(std::size_t bytes) {
      constexpr std::size_t huge_page = std::size_t{2} << 20;
      const std::size_t more = std::min(std::max<std::size_t>(count, 1), (huge_page + bytes - 1) / bytes);
      free.reserve(free.size() + more);
      const Page piece = kernels::detail::allocate_packed(more * bytes);
      for (std::size_t i = more; i-- > 0;) free.emplace_back(piece, piece.get() + i * bytes);
      count += more;
    }
  };

  std::mutex mutex_;
  std::map<std::size_t, Pages> pages_;
};

/// Whether nobody else holds a page, so that it may be written to. The fence orders what the last other holder read of
/// it before the writes that follow.
inline bool is_unshared(const PagePool::Page& page) {
  if (page.use_count() != 1) return false;
  std::atomic_thread_fence(std::memory_order_acquire);
  return true;
}

/// Pages set aside for one owner. A copy has none of them: a page that two might take would be no reserve.
class PageReserve {
 public:
  PageReserve() = default;
  PageReserve(const PageReserve&) noexcept {}
  PageReserve(PageReserve&&) noexcept = default;
  PageReserve& operator=(PageReserve other) noexcept {
    pages_.swap(other.pages_);
    size_ = other.size_;
    return *this;
  }
  ~PageReserve() = default;

  /// From now on: `missing` pages at once, and of those that are given back as many as make `size`.
  void fill(PagePool& pool, std::size_t bytes, std::size_t missing, std::size_t size) {
    size_ = std::max(size, size_);
    pages_.reserve(size_);
    while (pages_.size() < missing) pages_.push_back(pool.take(bytes));
  }
  PagePool::Page take(PagePool& pool, std::size_t bytes) {
    if (pages_.empty()) return pool.take(bytes);
    PagePool::Page page = std::move(pages_.back());
    pages_.pop_back();
    return page;
  }
  void give_back(PagePool::Page page) {
    if (page && pages_.size() < size_ && is_unshared(page)) pages_.push_back(std::move(page));
  }

 private:
  std::vector<PagePool::Page> pages_;
  std::size_t size_ = 0;
};

/// What one attention layer keeps: the page layout and how far back it looks.
struct KeyValueSlotConfig {
  kernels::KeyValueLayout layout;
  Index window = 0;  ///< a query sees this many keys, itself included; 0: all
};

/// The state of one sequence, a slot a layer: paged keys and values. Pages are shared between forks and copied when one
/// of them writes. Not thread-safe; different sequences are independent. The state of a source, whose keys and values
/// cross-attention reads, is of the same kind: written once, and then shared by the sequences over it.
class SequenceState {
 public:
  SequenceState(std::shared_ptr<PagePool> pool, const std::vector<KeyValueSlotConfig>& slots) : pool_(std::move(pool)) {
    for (const KeyValueSlotConfig& config : slots) slots_.push_back({config, {}, {}, 0, {}});
  }

  /// Positions held.
  Index length() const { return length_; }
  /// The source that the sequence's layers attend to; nullptr: none. It goes with forks, and stays when truncated.
  const SequenceState* source() const { return source_.get(); }
  void set_source(std::shared_ptr<const SequenceState> source) { source_ = std::move(source); }
  Index slots() const { return static_cast<Index>(slots_.size()); }
  const kernels::KeyValueLayout& layout(Index slot) const { return at(slot).config.layout; }
  /// A page pointer for each 64 positions from position 0; nullptr where the window has passed.
  std::span<const std::byte* const> pages(Index slot) const { return at(slot).pointers; }
  /// The page that holds `position`, to write to; only for positions that prepare() made room for.
  std::byte* writable_page(Index slot, Index position) const {
    return at(slot).pages[static_cast<std::size_t>(position / page_positions)].get();
  }

  /// Sets pages for `positions` in all aside now, so that appending up to there, at most `rows` at a time, allocates
  /// nothing (unless pages are shared with a fork: those are copied when they are written to). They are this sequence's
  /// own until it ends; a fork reserves for itself.
  void reserve(Index positions, Index rows) {
    for (Slot& slot : slots_) {
      const Index span =
          slot.config.window > 0 ? std::min(positions, slot.config.window + rows + 2 * page_positions) : positions;
      const Index pages = (span + page_positions - 1) / page_positions + 1;
      const auto held = static_cast<Index>(slot.pages.size()) - slot.first_page;
      slot.reserve.fill(*pool_, slot.config.layout.page_bytes(),
                        static_cast<std::size_t>(std::max<Index>(0, pages - held)), static_cast<std::size_t>(pages));
      const auto all = static_cast<std::size_t>((positions + page_positions - 1) / page_positions);
      slot.pages.reserve(all);
      slot.pointers.reserve(all);
    }
  }

  /// Makes room for `rows` more positions in every slot. The length does not change: a forward pass that throws leaves
  /// the sequence as it was.
  void prepare(Index rows) {
    for (Slot& slot : slots_) {
      const std::size_t bytes = slot.config.layout.page_bytes();
      const auto last = static_cast<std::size_t>((length_ + rows + page_positions - 1) / page_positions);
      const auto partial = static_cast<std::size_t>(length_ / page_positions);
      if (length_ % page_positions != 0 && !is_unshared(slot.pages[partial])) {  // shared with a fork: write to a copy
        PagePool::Page copy = slot.reserve.take(*pool_, bytes);
        std::memcpy(copy.get(), slot.pages[partial].get(), bytes);
        slot.set(partial, std::move(copy));
      }
      for (std::size_t page = (static_cast<std::size_t>(length_) + page_positions - 1) / page_positions; page < last;
           ++page) {
        if (page == slot.pages.size()) {
          slot.pages.emplace_back();
          slot.pointers.push_back(nullptr);
        }
        if (!slot.pages[page] || !is_unshared(slot.pages[page])) slot.set(page, slot.reserve.take(*pool_, bytes));
      }
    }
  }

  /// The rows that prepare() made room for have been written by every layer.
  void commit(Index rows) {
    length_ += rows;
    for (Slot& slot : slots_)
      slot.drop_before(slot.config.window == 0 ? 0 : length_ - slot.config.window - page_positions);
  }

  /// Whether every layer still has the keys that a sequence of `length` positions needs.
  bool can_truncate(Index length) const {
    return length >= 0 && length <= length_ &&
           (length == 0 || std::all_of(slots_.begin(), slots_.end(),
                                       [&](const Slot& slot) { return slot.first_kept() <= slot.first_seen(length); }));
  }

  /// Forgets everything from position `length` on. Throws ArgumentError when that is past the end, or so far back that
  /// a windowed layer no longer has the keys it would need.
  void truncate(Index length) {
    if (length < 0 || length > length_) {
      throw ArgumentError("truncate: expected a length of 0 to " + std::to_string(length_) + ", found " +
                          std::to_string(length));
    }
    for (const Slot& slot : slots_) {
      if (length > 0 && slot.first_kept() > slot.first_seen(length)) {
        throw ArgumentError("truncate: a layer with a window of " + std::to_string(slot.config.window) +
                            " has dropped the keys before position " + std::to_string(slot.first_kept()) + ", length " +
                            std::to_string(length) + " needs them from " + std::to_string(slot.first_seen(length)));
      }
    }
    length_ = length;
    for (Slot& slot : slots_) slot.shrink((length + page_positions - 1) / page_positions);
  }

  /// A second sequence with the same first `length` positions; pages are shared, nothing is copied now.
  SequenceState fork(Index length) const {
    SequenceState copy = *this;
    copy.truncate(length);
    return copy;
  }

  /// Memory of the pages this sequence holds, its source's too; a page shared with a fork counts for both.
  std::size_t bytes() const {
    std::size_t total = source_ ? source_->bytes() : 0;
    for (const Slot& slot : slots_) {
      for (const PagePool::Page& page : slot.pages) total += page ? slot.config.layout.page_bytes() : 0;
    }
    return total;
  }

 private:
  static constexpr Index page_positions = kernels::page_positions;

  struct Slot {
    KeyValueSlotConfig config;
    std::vector<PagePool::Page> pages;
    std::vector<const std::byte*> pointers;
    Index first_page = 0;  ///< pages before it have been dropped
    PageReserve reserve;

    Index first_kept() const { return first_page * page_positions; }
    /// The first key that the next query of a sequence of `length` sees.
    Index first_seen(Index length) const {
      return config.window == 0 ? 0 : std::max<Index>(0, length - config.window + 1);
    }
    void set(std::size_t page, PagePool::Page memory) {
      reserve.give_back(std::exchange(pages[page], std::move(memory)));
      pointers[page] = pages[page].get();
    }
    void drop_before(Index position) {
      for (; (first_page + 1) * page_positions <= position; ++first_page)
        set(static_cast<std::size_t>(first_page), nullptr);
    }
    void shrink(Index count) {
      if (count >= static_cast<Index>(pages.size())) return;
      for (std::size_t page = static_cast<std::size_t>(count); page < pages.size(); ++page) set(page, nullptr);
      pages.resize(static_cast<std::size_t>(count));
      pointers.resize(static_cast<std::size_t>(count));
      first_page = std::min(first_page, count);
    }
  };

  const Slot& at(Index slot) const { return slots_[static_cast<std::size_t>(slot)]; }

  std::shared_ptr<PagePool> pool_;
  std::vector<Slot> slots_;
  std::shared_ptr<const SequenceState> source_;
  Index length_ = 0;
};

}  // namespace headformer
