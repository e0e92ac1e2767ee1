#pragma once

#include <limits>
#include <span>

#include "headformer/core/executor.hpp"
#include "headformer/core/scratch.hpp"
#include "headformer/kernels/key_value_page.hpp"

namespace headformer::kernels {

/// A side of the visible range that has no limit.
inline constexpr Index unlimited = std::numeric_limits<Index>::max();

/// What one attention layer does, the same for all its sequences.
struct AttentionParameters {
  Index heads = 0;            ///< query heads
  Index key_value_heads = 0;  ///< divides heads; query head h reads key/value head h / (heads / key_value_heads)
  Index key_width = 0;        ///< Dk, elements of a query or key of one head
  Index value_width = 0;      ///< Dv, elements of a value of one head
  float scale = 1.0F;         ///< of q . k, usually 1 / sqrt(Dk)
  float soft_cap = 0.0F;      ///< scores become cap * tanh(score / cap) (Gemma 2, arXiv:2408.00118); 0: as they are
  /// The query at absolute index i sees the keys [i - left, i + right]. Causal: right = 0; bidirectional: right
  /// unlimited; a sliding window of w positions: left = w - 1.
  Index left = unlimited;
  Index right = 0;
  /// Nullable, [heads]: adds slope * (j - i) to the score of query i and key j (ALiBi, arXiv:2108.12409).
  const float* slopes = nullptr;
  /// Queries, keys, weights and values are rounded to bf16 before they are multiplied, where the processor has such
  /// products; sums and softmax stay f32.
  bool bf16_products = false;
};

/// One sequence of a ragged batch.
struct AttentionSequence {
  Index first_row = 0;       ///< of its rows in q and out
  Index rows = 0;            ///< query rows
  Index first_position = 0;  ///< absolute key index of the first query row
  Index keys = 0;            ///< keys present in the pages, counted from absolute index 0
  /// Page p holds keys [64 p, 64 p + 64); null where a windowed layer dropped it. At least keys / 64, rounded up.
  std::span<const std::byte* const> pages;
  /// Nullable: added to the scores after the soft cap, [heads][rows][keys] with the strides below, in elements,
  /// which may be negative.
  /// -infinity and the like (-1e30 and lower) mean "not visible".
  const float* bias = nullptr;
  Index bias_head_stride = 0;
  Index bias_row_stride = 0;
};

/// out = softmax(scale * q k^T, masked) v for every sequence of a ragged batch, by an online softmax over blocks of 64
/// keys (FlashAttention, arXiv:2205.14135): no [T, T] buffer. A query that sees no key gets zeros.
/// Shapes: q [T, H * Dk] and out [T, H * Dv], row strides allowed; keys and values in pages, see KeyValueLayout.
/// f16, bf16 and q8_0 pages are widened exactly; all arithmetic is f32 but for products that were asked for otherwise.
/// A row's bits depend on its own query, keys and position only: not on threads, the other rows, whether it came alone
/// or among many, nor on pages it does not see. (Keys and values must be finite for that.)
/// Work is split over sequences, key/value heads and tiles of rows, never over keys. Memory comes from `scratch`.
/// Throws ArgumentError when sizes do not fit.
void attention(const Compute& compute, const AttentionParameters& parameters, const KeyValueLayout& layout,
               TensorView<const float> q, std::span<const AttentionSequence> sequences, TensorView<float> out,
               Scratch& scratch);

}  // namespace headformer::kernels

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/kernels/attention-inl.hpp"
#endif
