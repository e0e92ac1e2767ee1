#pragma once

#include <cstddef>
#include <vector>

#include "headformer/core/tensor.hpp"

namespace headformer {

/// A stack of temporary memory. A Frame gives everything taken since it began back when it ends; the memory itself is
/// kept for the next step, so a steady state allocates nothing. Belongs to one session at a time.
class Scratch {
 public:
  /// Marks the stack; what is taken after it lives as long as it does.
  class Frame {
   public:
    explicit Frame(Scratch& scratch) : scratch_(scratch), block_(scratch.block_), used_(scratch.used_) {}
    ~Frame() {
      scratch_.block_ = block_;
      scratch_.used_ = used_;
      if (block_ == 0 && used_ == 0) scratch_.consolidate();
    }
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;

    /// Uninitialised. Throws std::bad_alloc.
    template <class T>
    TensorView<T> take(const Shape& shape) {
      return {static_cast<T*>(scratch_.allocate(detail::bytes_of<T>(static_cast<std::size_t>(shape.count())))), shape};
    }

    /// Uninitialised rows that begin an odd number of cache lines apart, so that a narrow block of columns of many
    /// rows, as a product writes it, does not fall on a few sets of the cache. Shapes: -> [rows, columns].
    template <class T>
    TensorView<T> take_rows(Index rows, Index columns) {
      constexpr Index line = alignment / sizeof(T);
      const Index stride = ((columns + line - 1) / line | 1) * line;
      return take<T>(Shape{rows, stride}).slice_columns(0, columns);
    }

   private:
    Scratch& scratch_;
    std::size_t block_;
    std::size_t used_;
  };

  /// Bytes held.
  std::size_t capacity() const {
    std::size_t total = 0;
    for (const auto& block : blocks_) total += block.size();
    return total;
  }
  /// Gives everything back; only outside all frames.
  void clear() {
    blocks_.clear();
    block_ = used_ = 0;
  }

 private:
  static constexpr std::size_t alignment = AlignedArray<std::byte>::alignment;
  static constexpr std::size_t minimum_block = std::size_t{1} << 20;

  void* allocate(std::size_t bytes) {
    bytes = (bytes + alignment - 1) / alignment * alignment;
    while (block_ < blocks_.size() && used_ + bytes > blocks_[block_].size()) {
      ++block_;
      used_ = 0;
    }
    if (block_ == blocks_.size()) {
      blocks_.emplace_back(std::max(bytes, minimum_block));
      used_ = 0;
    }
    void* result = blocks_[block_].data() + used_;
    used_ += bytes;
    return result;
  }

  /// Replaces several blocks by one of their total size, so that the next step finds all in one piece.
  void consolidate() {
    if (blocks_.size() < 2) return;
    const std::size_t total = capacity();
    blocks_.clear();
    blocks_.emplace_back(total);
  }

  std::vector<AlignedArray<std::byte>> blocks_;
  std::size_t block_ = 0;
  std::size_t used_ = 0;
};

}  // namespace headformer
