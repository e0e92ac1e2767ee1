#pragma once

#include <cstddef>
#include <cstdint>

#include "headformer/core/cpu_features.hpp"
#include "headformer/core/dtype.hpp"
#include "headformer/core/tensor.hpp"

namespace headformer::kernels {

/// Positions a page holds. Page p of a sequence holds its positions [64 p, 64 p + 64).
inline constexpr Index page_positions = 64;
/// Keys side by side in a panel.
inline constexpr Index key_panel = 16;
/// Elements along the head's width that share a scale in a q8_0 cache; the last block of a head may be shorter.
inline constexpr Index cache_block = 32;

/// The types keys and values can be kept in: f32, f16, bf16, q8_0.
constexpr bool is_cache_dtype(DType dtype) {
  return dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::q8_0;
}

/// How one layer's keys and values lie in a page: head after head, a head's keys before its values; keys in panels
/// [64 / 16][key_width][16], so that 16 keys fill a vector; values in rows [64][value_stride], value_width of them
/// used. In q8_0 the elements are int8, and f16 scales follow the head's keys, [64 / 16][blocks][16], and its values,
/// [64][blocks], blocks being the width over 32, rounded up: any width will do.
struct KeyValueLayout {
  Index heads = 0;           ///< key/value heads
  Index key_width = 0;       ///< elements of a head's key
  Index value_width = 0;     ///< elements of a head's value
  DType dtype = DType::f32;  ///< f32, f16, bf16 or q8_0

  /// A value row's elements in the page: value_width rounded up to 16, so that vectors never cross a page's end.
  Index value_stride() const { return (value_width + key_panel - 1) / key_panel * key_panel; }
  /// Of an element without its share of a scale.
  std::size_t element_bytes() const { return dtype == DType::q8_0 ? 1 : block_bytes(dtype); }
  /// Scales of one key or value.
  Index key_blocks() const { return dtype == DType::q8_0 ? (key_width + cache_block - 1) / cache_block : 0; }
  Index value_blocks() const { return dtype == DType::q8_0 ? (value_width + cache_block - 1) / cache_block : 0; }

  /// A head's part of a page; a multiple of 64 bytes, as everything here.
  std::size_t head_bytes() const { return key_bytes() + value_bytes(); }
  /// Allocate this much for a page, aligned to 64 bytes.
  std::size_t page_bytes() const { return static_cast<std::size_t>(heads) * head_bytes(); }

  std::size_t key_offset(Index head) const { return static_cast<std::size_t>(head) * head_bytes(); }
  std::size_t key_scale_offset(Index head) const {
    return key_offset(head) + static_cast<std::size_t>(page_positions * key_width) * element_bytes();
  }
  std::size_t value_offset(Index head) const { return key_offset(head) + key_bytes(); }
  std::size_t value_scale_offset(Index head) const {
    return value_offset(head) + static_cast<std::size_t>(page_positions * value_stride()) * element_bytes();
  }

 private:
  std::size_t key_bytes() const {
    return static_cast<std::size_t>(page_positions) *
           (static_cast<std::size_t>(key_width) * element_bytes() + static_cast<std::size_t>(key_blocks()) * 2);
  }
  std::size_t value_bytes() const {
    return static_cast<std::size_t>(page_positions) *
           (static_cast<std::size_t>(value_stride()) * element_bytes() + static_cast<std::size_t>(value_blocks()) * 2);
  }
};

/// Writes one position's keys and values of all heads, rounded to the layout's dtype: nearest, ties to even; q8_0: a
/// block's scale is its greatest magnitude / 127 as f16, and elements are rounded to multiples of it; magnitudes
/// above 8e6 saturate.
/// Shapes: keys [heads * key_width], values [heads * value_width]. `slot` is the position in the page, 0 to 63.
/// Throws ArgumentError for another dtype.
void append(const KeyValueLayout& layout, std::byte* page, Index slot, const float* keys, const float* values,
            Isa isa = Isa::portable);

/// Writes positions that follow each other in a page, from `slot` on. Shapes: keys [R, heads * key_width], values
/// [R, heads * value_width]; row strides allowed.
void append(const KeyValueLayout& layout, std::byte* page, Index slot, TensorView<const float> keys,
            TensorView<const float> values, Isa isa = Isa::portable);

/// Reads one position back, widened: what attention sees. Shapes and errors as for append().
void read_position(const KeyValueLayout& layout, const std::byte* page, Index slot, float* keys, float* values);

}  // namespace headformer::kernels

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/kernels/key_value_page-inl.hpp"
#endif
