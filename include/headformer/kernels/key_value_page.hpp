#pragma once

#include <cstddef>
#include <cstring>
#include <span>

#include "headformer/core/dtype.hpp"
#include "headformer/core/tensor.hpp"

namespace headformer::kernels {

/// Positions a page holds. Page p of a sequence holds its positions [64 p, 64 p + 64).
inline constexpr Index page_positions = 64;
/// Keys side by side in a panel.
inline constexpr Index key_panel = 16;

/// How one layer's keys and values lie in a page: head after head, a head's keys before its values; keys in panels
/// [64 / 16][key_width][16], so that 16 keys fill a vector; values in rows [64][value_stride], value_width of them
/// used.
struct KeyValueLayout {
  Index heads = 0;           ///< key/value heads
  Index key_width = 0;       ///< elements of a head's key
  Index value_width = 0;     ///< elements of a head's value
  DType dtype = DType::f32;  ///< f32, f16 or bf16

  /// A value row's elements in the page: value_width rounded up to 16, so that vectors never cross a page's end.
  Index value_stride() const { return (value_width + key_panel - 1) / key_panel * key_panel; }
  std::size_t element_bytes() const { return block_bytes(dtype); }
  /// A head's part of a page; a multiple of 64 bytes, as everything here.
  std::size_t head_bytes() const {
    return static_cast<std::size_t>(page_positions * (key_width + value_stride())) * element_bytes();
  }
  /// Allocate this much for a page, aligned to 64 bytes.
  std::size_t page_bytes() const { return static_cast<std::size_t>(heads) * head_bytes(); }

  std::size_t key_offset(Index head) const { return static_cast<std::size_t>(head) * head_bytes(); }
  std::size_t value_offset(Index head) const {
    return key_offset(head) + static_cast<std::size_t>(page_positions * key_width) * element_bytes();
  }
};

namespace detail {

/// Calls body with a value of the layout's element type.
template <class Body>
void with_element_type(DType dtype, Body&& body) {
  switch (dtype) {
    case DType::f32:
      return body(float{});
    case DType::f16:
      return body(float16{});
    case DType::bf16:
      return body(bfloat16{});
    default:
      throw ArgumentError("key/value page: expected dtype f32, f16 or bf16, found " + std::string(name_of(dtype)));
  }
}

inline Index key_element(const KeyValueLayout& layout, Index slot, Index d) {
  return (slot / key_panel * layout.key_width + d) * key_panel + slot % key_panel;
}

}  // namespace detail

/// Writes one position's keys and values of all heads, rounded to the layout's dtype (nearest, ties to even).
/// Shapes: keys [heads * key_width], values [heads * value_width]. `slot` is the position in the page, 0 to 63.
/// Throws ArgumentError for another dtype.
inline void append(const KeyValueLayout& layout, std::byte* page, Index slot, const float* keys, const float* values) {
  detail::with_element_type(layout.dtype, [&](auto element) {
    using Element = decltype(element);
    for (Index head = 0; head < layout.heads; ++head) {
      auto* key = reinterpret_cast<Element*>(page + layout.key_offset(head)) + detail::key_element(layout, slot, 0);
      auto* value = reinterpret_cast<Element*>(page + layout.value_offset(head)) + slot * layout.value_stride();
      const float* from_key = keys + head * layout.key_width;
      const float* from_value = values + head * layout.value_width;
      for (Index d = 0; d < layout.key_width; ++d) key[d * key_panel] = Element(from_key[d]);
      for (Index d = 0; d < layout.value_width; ++d) value[d] = Element(from_value[d]);
      for (Index d = layout.value_width; d < layout.value_stride(); ++d) value[d] = Element(0.0F);
    }
  });
}

/// Reads one position back, widened: what attention sees. Shapes as for append().
inline void read_position(const KeyValueLayout& layout, const std::byte* page, Index slot, float* keys, float* values) {
  detail::with_element_type(layout.dtype, [&](auto element) {
    using Element = decltype(element);
    for (Index head = 0; head < layout.heads; ++head) {
      const auto* key =
          reinterpret_cast<const Element*>(page + layout.key_offset(head)) + detail::key_element(layout, slot, 0);
      const auto* value =
          reinterpret_cast<const Element*>(page + layout.value_offset(head)) + slot * layout.value_stride();
      for (Index d = 0; d < layout.key_width; ++d) {
        keys[head * layout.key_width + d] = static_cast<float>(key[d * key_panel]);
      }
      for (Index d = 0; d < layout.value_width; ++d)
        values[head * layout.value_width + d] = static_cast<float>(value[d]);
    }
  });
}

}  // namespace headformer::kernels
