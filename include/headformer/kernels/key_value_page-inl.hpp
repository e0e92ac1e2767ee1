#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>

#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/kernels/key_value_page.hpp"
#include "headformer/kernels/targets.hpp"
#include "headformer/kernels/vector_math.hpp"

namespace headformer::kernels {
namespace detail {

inline void require_cache_dtype(DType dtype) {
  if (!is_cache_dtype(dtype))
    throw ArgumentError("key/value page: expected dtype f32, f16, bf16 or q8_0, found " + std::string(name_of(dtype)));
}

}  // namespace detail
}  // namespace headformer::kernels

#define HEADFORMER_BODY "headformer/kernels/bodies/key_value_page.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY

namespace headformer::kernels {
namespace detail {

/// to[i * stride] = from[i], of elements of `bytes` bytes.
inline void scatter(std::size_t bytes, const std::byte* from, Index count, std::byte* to, Index stride) {
  const auto copy = [&](auto size) {
    constexpr std::size_t element = decltype(size)::value;
    for (Index i = 0; i < count; ++i) {
      std::memcpy(to + static_cast<std::size_t>(i * stride) * element, from + static_cast<std::size_t>(i) * element,
                  element);
    }
  };
  if (stride == 1) {
    std::memcpy(to, from, static_cast<std::size_t>(count) * bytes);
  } else if (bytes == 1) {
    copy(std::integral_constant<std::size_t, 1>());
  } else if (bytes == 2) {
    copy(std::integral_constant<std::size_t, 2>());
  } else {
    copy(std::integral_constant<std::size_t, 4>());
  }
}

/// Writes one vector of a head: elements `stride` apart, scales `scale_stride` apart.
inline void append_vector(Isa isa, DType dtype, const float* x, Index width, std::byte* elements, Index stride,
                          std::byte* scales, Index scale_stride) {
  if (dtype == DType::f32) return scatter(4, reinterpret_cast<const std::byte*>(x), width, elements, stride);
  const std::size_t bytes = dtype == DType::q8_0 ? 1 : 2;
  for (Index begin = 0; begin < width; begin += cache_block) {
    const Index count = std::min(cache_block, width - begin);
    float padded[cache_block] = {};
    std::copy_n(x + begin, count, padded);
    std::byte block[2 * cache_block];
    std::byte scale[2];
    if (dtype == DType::f16) {
      HEADFORMER_ON_TARGET(isa, encode_halves(padded, block));
    } else if (dtype == DType::q8_0) {
      HEADFORMER_ON_TARGET(isa, encode_q8_0(padded, block, scale));
      std::memcpy(scales + begin / cache_block * scale_stride * 2, scale, sizeof scale);
    } else {
      for (Index i = 0; i < count; ++i) {
        const bfloat16 rounded(padded[i]);
        std::memcpy(block + 2 * i, &rounded, sizeof rounded);
      }
    }
    scatter(bytes, block, count, elements + static_cast<std::size_t>(begin * stride) * bytes, stride);
  }
}

/// The element at `index`, widened.
inline float cache_element(DType dtype, const std::byte* elements, Index index) {
  const auto read = [&](auto element) {
    std::memcpy(&element, elements + static_cast<std::size_t>(index) * sizeof element, sizeof element);
    return static_cast<float>(element);
  };
  switch (dtype) {
    case DType::f16:
      return read(float16{});
    case DType::bf16:
      return read(bfloat16{});
    case DType::q8_0:
      return read(std::int8_t{});
    default:
      return read(float{});
  }
}

inline void read_vector(DType dtype, const std::byte* elements, Index stride, const std::byte* scales,
                        Index scale_stride, Index width, float* x) {
  for (Index i = 0; i < width; ++i) {
    x[i] = cache_element(dtype, elements, i * stride);
    if (dtype == DType::q8_0) x[i] *= cache_element(DType::f16, scales, i / cache_block * scale_stride);
  }
}

/// Where one position of a page lies, in bytes from the page's first: what is written to and read from.
struct PositionPlaces {
  std::size_t key;  ///< elements lie key_panel apart, as their scales do
  std::size_t key_scale;
  std::size_t value;  ///< elements and scales follow each other
  std::size_t value_scale;

  PositionPlaces(const KeyValueLayout& layout, Index head, Index slot) {
    const auto bytes = layout.element_bytes();
    const Index panel = slot / key_panel;
    const Index lane = slot % key_panel;
    key = layout.key_offset(head) + static_cast<std::size_t>(panel * layout.key_width * key_panel + lane) * bytes;
    key_scale =
        layout.key_scale_offset(head) + static_cast<std::size_t>(panel * layout.key_blocks() * key_panel + lane) * 2;
    value = layout.value_offset(head) + static_cast<std::size_t>(slot * layout.value_stride()) * bytes;
    value_scale = layout.value_scale_offset(head) + static_cast<std::size_t>(slot * layout.value_blocks()) * 2;
  }
};

}  // namespace detail

HEADFORMER_INLINE void append(const KeyValueLayout& layout, std::byte* page, Index slot, const float* keys,
                              const float* values, Isa isa) {
  detail::require_cache_dtype(layout.dtype);
  const std::size_t padding = static_cast<std::size_t>(layout.value_stride() - layout.value_width);
  for (Index head = 0; head < layout.heads; ++head) {
    const detail::PositionPlaces at(layout, head, slot);
    detail::append_vector(isa, layout.dtype, keys + head * layout.key_width, layout.key_width, page + at.key, key_panel,
                          page + at.key_scale, key_panel);
    detail::append_vector(isa, layout.dtype, values + head * layout.value_width, layout.value_width, page + at.value, 1,
                          page + at.value_scale, 1);
    std::memset(page + at.value + static_cast<std::size_t>(layout.value_width) * layout.element_bytes(), 0,
                padding * layout.element_bytes());
  }
}

HEADFORMER_INLINE void append(const KeyValueLayout& layout, std::byte* page, Index slot, TensorView<const float> keys,
                              TensorView<const float> values, Isa isa) {
  const Index padding = layout.value_stride() - layout.value_width;
  for (Index row = 0; row < keys.rows();) {
    const Index at = slot + row;
    if (layout.dtype != DType::f32 || at % key_panel != 0 || keys.rows() - row < key_panel) {
      append(layout, page, at, keys.row(row), values.row(row), isa);
      ++row;
      continue;
    }
    for (Index head = 0; head < layout.heads; ++head) {
      const detail::PositionPlaces places(layout, head, at);
      HEADFORMER_ON_TARGET(isa, append_key_panel(keys.row(row) + head * layout.key_width, keys.row_stride(),
                                                 layout.key_width, reinterpret_cast<float*>(page + places.key)));
      auto* to = reinterpret_cast<float*>(page + places.value);
      for (Index i = 0; i < key_panel; ++i, to += layout.value_stride()) {
        std::copy_n(values.row(row + i) + head * layout.value_width, layout.value_width, to);
        std::fill_n(to + layout.value_width, padding, 0.0F);
      }
    }
    row += key_panel;
  }
}

HEADFORMER_INLINE void read_position(const KeyValueLayout& layout, const std::byte* page, Index slot, float* keys,
                                     float* values) {
  detail::require_cache_dtype(layout.dtype);
  for (Index head = 0; head < layout.heads; ++head) {
    const detail::PositionPlaces at(layout, head, slot);
    detail::read_vector(layout.dtype, page + at.key, key_panel, page + at.key_scale, key_panel, layout.key_width,
                        keys + head * layout.key_width);
    detail::read_vector(layout.dtype, page + at.value, 1, page + at.value_scale, 1, layout.value_width,
                        values + head * layout.value_width);
  }
}

}  // namespace headformer::kernels
