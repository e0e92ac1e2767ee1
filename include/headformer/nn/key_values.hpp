#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "headformer/kernels/key_value_page.hpp"
#include "headformer/nn/attention_config.hpp"
#include "headformer/nn/context.hpp"

namespace headformer {

/// What a layer's keys and values take in a state. Throws ArgumentError for a type that no cache has.
inline KeyValueSlotConfig key_value_slot(const AttentionConfig& config, DType cache) {
  if (!kernels::is_cache_dtype(cache))
    throw ArgumentError("cache dtype: expected f32, f16, bf16 or q8_0, found " + std::string(name_of(cache)));
  return {{config.key_value_heads, config.head_width, config.head_width, cache}, config.window};
}

// Where a layer's keys and values of one sequence lie during a pass: policies, which the masks choose. Pages either
// way, so that there is one attention kernel. Those that are `passing` meet all their queries at once, where narrower
// products pay; a step that reads a cache for one row would narrow all of it for that row.

/// In the sequence's state, after those of earlier passes.
class CachedKeyValues {
 public:
  static constexpr bool passing = false;

  CachedKeyValues(const AttentionConfig& config, const BatchSequence& sequence, Scratch::Frame&)
      : state_(sequence.state), slot_(config.slot) {}

  const kernels::KeyValueLayout& layout() const { return state_->layout(slot_); }
  /// Positions that were there before this pass.
  Index length() const { return state_->length(); }
  /// Keys there are for this pass's `rows`.
  Index keys(Index rows) const { return length() + rows; }
  std::span<const std::byte* const> pages() const { return state_->pages(slot_); }
  /// The page that holds one of this pass's positions, to write to.
  std::byte* writable_page(Index position) const { return state_->writable_page(slot_, position); }

 private:
  const SequenceState* state_;
  Index slot_;
};

/// In temporary memory: the layer has seen the sequence's end, so that nothing can be appended and nothing is kept.
class PassingKeyValues {
 public:
  static constexpr bool passing = true;

  PassingKeyValues(const AttentionConfig& config, const BatchSequence& sequence, Scratch::Frame& frame)
      : layout_{config.key_value_heads, config.head_width, config.head_width, DType::f32} {
    const Index count = (sequence.rows + kernels::page_positions - 1) / kernels::page_positions;
    const auto bytes = static_cast<Index>(layout_.page_bytes());
    memory_ = frame.take<std::byte>(Shape{count, bytes});
    pages_ = frame.take<const std::byte*>(Shape{count});
    for (Index page = 0; page < count; ++page) pages_.data()[page] = memory_.row(page);
  }

  const kernels::KeyValueLayout& layout() const { return layout_; }
  static Index length() { return 0; }
  static Index keys(Index rows) { return rows; }
  std::span<const std::byte* const> pages() const { return {pages_.data(), static_cast<std::size_t>(pages_.count())}; }
  std::byte* writable_page(Index position) const { return memory_.row(position / kernels::page_positions); }

 private:
  kernels::KeyValueLayout layout_;
  TensorView<std::byte> memory_;        // [pages, bytes]
  TensorView<const std::byte*> pages_;  // [pages]
};

/// In the state of the source that the sequence attends to, all of them from the start.
class SourceKeyValues {
 public:
  static constexpr bool passing = false;

  /// Throws ArgumentError for a sequence without a source, or with one that has other layers.
  SourceKeyValues(const AttentionConfig& config, const BatchSequence& sequence, Scratch::Frame&)
      : source_(sequence.state == nullptr ? nullptr : sequence.state->source()), slot_(config.slot) {
    if (source_ == nullptr || slot_ >= source_->slots())
      throw ArgumentError("cross-attention: expected a sequence over a source of this model, found " +
                          std::string(source_ == nullptr ? "none" : "one of another"));
  }

  const kernels::KeyValueLayout& layout() const { return source_->layout(slot_); }
  static Index length() { return 0; }
  Index keys(Index) const { return source_->length(); }
  std::span<const std::byte* const> pages() const { return source_->pages(slot_); }

 private:
  const SequenceState* source_;
  Index slot_;
};

}  // namespace headformer
