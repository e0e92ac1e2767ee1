#pragma once

#include <algorithm>
#include <span>
#include <string>

#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/kernels/attention.hpp"
#include "headformer/kernels/vector_math.hpp"

namespace headformer::kernels {
namespace detail {

/// Lanes of a tile at most: its queries, scores and running values stay in the first two caches.
inline constexpr Index attention_tile_lanes = 48;
/// Up to here the cache's elements fill the vectors, above it the lanes.
inline constexpr Index attention_few_lanes = 8;

/// Part of one sequence's work that shares a key/value head: lanes [first_lane, first_lane + lanes) of the grid
/// [rows][group], group being the query heads that share it.
struct AttentionTile {
  const float* queries;  // of the sequence's first row
  Index query_stride;
  float* out;  // of the sequence's first row
  Index out_stride;
  Index group;
  Index first_head;
  Index first_lane;
  Index lanes;
  Index first_position;
  Index keys;
  const std::byte* const* pages;
  Index key_offset;  // of this head in a page, in bytes
  Index key_scale_offset;
  Index value_offset;
  Index value_scale_offset;
  Index key_width;
  Index value_width;
  Index value_stride;
  Index key_blocks;
  Index value_blocks;
  Index element_bytes;
  DType dtype;
  bool bf16;           // products of numbers rounded to bf16
  float query_factor;  // makes q . k a score times log2(e), or what goes into tanh
  float soft_cap;      // times log2(e); 0: none
  Index left;
  Index right;
  const float* bias;
  Index bias_head_stride;
  Index bias_row_stride;
  const float* slopes;
  float* memory;
  struct AttentionLane* lane_memory;
};

/// Floats of working memory that a tile may use, a multiple of 16; the bodies divide them.
inline Index attention_room(const KeyValueLayout& layout, bool bf16) {
  const Index widths = layout.key_width + layout.value_stride();
  const Index lanes = attention_tile_lanes * (64 + 4 + widths) + (layout.dtype == DType::f32 ? 0 : 64 * widths) +
                      (bf16 ? 32 * (attention_tile_lanes + widths + 1) : 0);
  const Index rows = attention_few_lanes * (64 + 3 * 16 + widths) + 64 * (layout.key_blocks() + layout.value_blocks());
  return (std::max(lanes, rows) + 15) / 16 * 16;
}

/// Keys [first, last]; none when first > last.
struct KeySpan {
  Index first;
  Index last;
};

/// The keys that any of the rows [first_row, last_row] sees.
inline KeySpan visible_span(Index left, Index right, Index first_position, Index keys, Index first_row,
                            Index last_row) {
  const Index lowest = first_position + first_row;
  const Index highest = first_position + last_row;
  KeySpan span = {0, keys - 1};
  if (left < lowest) span.first = lowest - left;
  if (right < keys && highest + right < keys) span.last = highest + right;
  return span;
}

/// One query: a row of the sequence and a head, and the keys [first_key, last_key] it sees.
struct AttentionLane {
  Index row;
  Index head;
  Index first_key;
  Index last_key;
};

inline AttentionLane attention_lane(const AttentionTile& tile, Index lane) {
  const Index row = (tile.first_lane + lane) / tile.group;
  const KeySpan keys = visible_span(tile.left, tile.right, tile.first_position, tile.keys, row, row);
  return {row, tile.first_head + tile.first_lane + lane - row * tile.group, keys.first, keys.last};
}

inline const float* query_of(const AttentionTile& tile, const AttentionLane& lane) {
  return tile.queries + lane.row * tile.query_stride + lane.head * tile.key_width;
}
inline float* output_of(const AttentionTile& tile, const AttentionLane& lane) {
  return tile.out + lane.row * tile.out_stride + lane.head * tile.value_width;
}

}  // namespace detail
}  // namespace headformer::kernels

#define HEADFORMER_BODY "headformer/kernels/bodies/attention_scores.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY
#define HEADFORMER_BODY "headformer/kernels/bodies/attention_rows.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY
#define HEADFORMER_BODY "headformer/kernels/bodies/attention_lanes.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY
#define HEADFORMER_BODY "headformer/kernels/bodies/attention_lane_products.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY
#define HEADFORMER_BODY "headformer/kernels/bodies/attention.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY

#if HEADFORMER_X86
HEADFORMER_BEGIN_AVX512_BF16
namespace headformer::kernels::avx512_bf16 {
using namespace headformer::kernels::avx512;
// clang-format off: each needs the one before it
#include "headformer/kernels/bodies/attention_lane_products.inc"
#include "headformer/kernels/bodies/attention_bf16.inc"
// clang-format on
}  // namespace headformer::kernels::avx512_bf16
HEADFORMER_END_TARGET
#endif

namespace headformer::kernels {
namespace detail {

/// Calls visit(sequence, key/value head, first lane, lanes, cost) for every tile of at most `tile_lanes` lanes, in an
/// order that keeps a head's keys in the cache. The cost is a rough count of scores.
template <class Visit>
void for_each_attention_tile(const AttentionParameters& parameters, std::span<const AttentionSequence> sequences,
                             Index tile_lanes, Visit&& visit) {
  const Index group = parameters.heads / parameters.key_value_heads;
  for (const AttentionSequence& sequence : sequences) {
    const Index lanes = sequence.rows * group;
    for (Index head = 0; head < parameters.key_value_heads; ++head) {
      for (Index first = 0; first < lanes; first += tile_lanes) {
        const Index taken = std::min(tile_lanes, lanes - first);
        const KeySpan span = visible_span(parameters.left, parameters.right, sequence.first_position, sequence.keys,
                                          first / group, (first + taken - 1) / group);
        const Index keys = std::max<Index>(0, span.last - span.first + 1);
        visit(sequence, head, first, taken, (taken + 2) * (keys + 64));
      }
    }
  }
}

inline void require_attention(bool condition, const char* expected) {
  if (!condition) throw ArgumentError(std::string("attention: expected ") + expected);
}

inline void check_attention(const AttentionParameters& p, const KeyValueLayout& layout, TensorView<const float> q,
                            std::span<const AttentionSequence> sequences, TensorView<float> out) {
  require_attention(p.key_value_heads > 0 && p.heads > 0 && p.heads % p.key_value_heads == 0,
                    "heads in equal groups a key/value head");
  require_attention(p.key_width > 0 && p.value_width > 0 && p.left >= 0 && p.right >= 0, "widths above 0");
  require_attention(
      layout.heads == p.key_value_heads && layout.key_width == p.key_width && layout.value_width == p.value_width,
      "pages of the layer's own sizes");
  require_attention(is_cache_dtype(layout.dtype), "pages of f32, f16, bf16 or q8_0");
  require_attention(q.columns() == p.heads * p.key_width, "queries [T, heads * key_width]");
  require_attention(out.columns() == p.heads * p.value_width, "an output [T, heads * value_width]");
  for (const AttentionSequence& sequence : sequences) {
    require_attention(sequence.rows >= 0 && sequence.first_row >= 0 &&
                          sequence.first_row + sequence.rows <= std::min(q.rows(), out.rows()),
                      "a sequence's rows inside q and out");
    require_attention(sequence.keys >= 0 && sequence.first_position >= 0 &&
                          static_cast<Index>(sequence.pages.size()) * page_positions >= sequence.keys,
                      "pages for all keys");
  }
}

}  // namespace detail

HEADFORMER_INLINE void attention(const Compute& compute, const AttentionParameters& parameters,
                                 const KeyValueLayout& layout, TensorView<const float> q,
                                 std::span<const AttentionSequence> sequences, TensorView<float> out,
                                 Scratch& scratch) {
  detail::check_attention(parameters, layout, q, sequences, out);
  const Index group = parameters.heads / parameters.key_value_heads;
  const Index workers = compute.executor.size();

  Index tile_lanes = detail::attention_tile_lanes;
  Index total = 0;
  Index tiles = 0;
  const auto count = [&] {
    total = tiles = 0;
    detail::for_each_attention_tile(parameters, sequences, tile_lanes,
                                    [&](const AttentionSequence&, Index, Index, Index, Index cost) {
                                      total += cost;
                                      ++tiles;
                                    });
  };
  count();
  // About two microseconds: below, a second thread is not worth waking.
  const bool alone = workers == 1 || total * (parameters.key_width + parameters.value_width) < 65536;
  if (!alone && tiles % workers != 0 &&
      tiles < 4 * workers) {  // few tiles: cut them so that every worker has its share
    Index longest = 1;
    for (const AttentionSequence& sequence : sequences) longest = std::max(longest, sequence.rows * group);
    tile_lanes = std::max<Index>(1, (std::min(longest, tile_lanes) + workers - 1) / workers);
    count();
  }
  if (tiles == 0) return;

  constexpr float log2_e = 1.44269504F;
  const bool capped = parameters.soft_cap != 0.0F;
  Scratch::Frame frame(scratch);
  const bool bf16 = parameters.bf16_products && compute.isa >= Isa::avx512_bf16;
  const TensorView<float> memory = frame.take<float>({alone ? 1 : workers, detail::attention_room(layout, bf16)});
  const auto lane_memory = frame.take<detail::AttentionLane>({alone ? 1 : workers, detail::attention_tile_lanes});

  const auto work = [&](int worker, Index share_begin, Index share_end) {
    Index done = 0;
    detail::for_each_attention_tile(
        parameters, sequences, tile_lanes,
        [&](const AttentionSequence& sequence, Index head, Index first_lane, Index lanes, Index cost) {
          const Index middle = done + cost / 2;
          done += cost;
          if (middle < share_begin || middle >= share_end) return;
          detail::AttentionTile tile{};
          tile.queries = q.row(sequence.first_row);
          tile.query_stride = q.row_stride();
          tile.out = out.row(sequence.first_row);
          tile.out_stride = out.row_stride();
          tile.group = group;
          tile.first_head = head * group;
          tile.first_lane = first_lane;
          tile.lanes = lanes;
          tile.first_position = sequence.first_position;
          tile.keys = sequence.keys;
          tile.pages = sequence.pages.data();
          tile.key_offset = static_cast<Index>(layout.key_offset(head));
          tile.key_scale_offset = static_cast<Index>(layout.key_scale_offset(head));
          tile.value_offset = static_cast<Index>(layout.value_offset(head));
          tile.value_scale_offset = static_cast<Index>(layout.value_scale_offset(head));
          tile.key_width = layout.key_width;
          tile.value_width = layout.value_width;
          tile.value_stride = layout.value_stride();
          tile.key_blocks = layout.key_blocks();
          tile.value_blocks = layout.value_blocks();
          tile.element_bytes = static_cast<Index>(layout.element_bytes());
          tile.dtype = layout.dtype;
          tile.bf16 = bf16;
          tile.query_factor = capped ? parameters.scale / parameters.soft_cap : parameters.scale * log2_e;
          tile.soft_cap = parameters.soft_cap * log2_e;
          tile.left = parameters.left;
          tile.right = parameters.right;
          tile.bias = sequence.bias;
          tile.bias_head_stride = sequence.bias_head_stride;
          tile.bias_row_stride = sequence.bias_row_stride;
          tile.slopes = parameters.slopes;
          tile.memory = memory.row(worker);
          tile.lane_memory = lane_memory.row(worker);
#if HEADFORMER_X86
          if (bf16) return avx512_bf16::attend_bf16(tile);
#endif
          HEADFORMER_ON_TARGET(compute.isa, attend(tile));
        });
  };
  if (alone) {
    work(0, 0, total);
    return;
  }
  compute.executor.run([&](int worker) { work(worker, total * worker / workers, total * (worker + 1) / workers); });
}

}  // namespace headformer::kernels
