#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/content_hash.hpp"
#include "headformer/core/version.hpp"
#include "headformer/kernels/packed_matrix.hpp"
#include "headformer/kernels/packing/panel_layout.hpp"
#include "headformer/kernels/packing/storage.hpp"
#include "headformer/weights/binder.hpp"

namespace headformer {

/// A range of a matrix's outputs with a name of its own: adapters, hooks and errors use it.
struct MatrixPart {
  std::string name;  ///< canonical, relative to the module that owns it
  Index outputs = 0;
  Index head_width = 0;  ///< rows a head, where the publisher may have reordered heads; 0: never
  bool biased = true;    ///< has a bias where the matrix has one; otherwise zeros stand for it
};

namespace detail {

/// A part of a matrix and the rows of a stored tensor it comes from.
struct MatrixPiece {
  TensorSource source;
  Index first = 0;  ///< first row in the stored tensor
  Index rows = 0;
  Index head_width = 0;
  DType target = DType::f32;

  /// Where output r of this piece lies among its stored rows.
  Index stored_row(Index r) const {
    if (source.transform == Transform::halves_swapped) {
      const Index all = source.entry->shape[0];
      return (first + r + all / 2) % all - first;
    }
    if (source.transform != Transform::interleaved_heads || head_width == 0) return r;
    const Index head = r / head_width;
    const Index within = r % head_width;
    const Index half = head_width / 2;
    return head * head_width + (within < half ? 2 * within : 2 * (within - half) + 1);
  }
};

/// Finds each part's tensor, `path.part.member`, and checks shapes. Parts that share a tensor take its successive row
/// ranges; the last of them must end where the tensor does. `inputs` 0: biases.
HEADFORMER_COLD inline std::vector<MatrixPiece> find_pieces(const Binder& binder, const std::string& path,
                                                            std::span<const MatrixPart> parts, std::string_view member,
                                                            Index inputs) {
  std::vector<MatrixPiece> result;
  for (const MatrixPart& part : parts) {
    const std::string module = path.empty() ? part.name : part.name.empty() ? path : path + "." + part.name;
    MatrixPiece piece;
    piece.source = binder.find(module + "." + std::string(member));
    piece.rows = part.outputs;
    piece.head_width = part.head_width;
    if (!result.empty() && result.back().source.entry == piece.source.entry)
      piece.first = result.back().first + result.back().rows;
    piece.source.expect_weight_dtype();
    result.push_back(std::move(piece));
  }
  for (std::size_t i = 0; i < result.size(); ++i) {
    const TensorSource& source = result[i].source;
    if (i + 1 < result.size() && result[i + 1].source.entry == source.entry) continue;
    const Index rows = result[i].first + result[i].rows;
    const bool deeper = source.transform == Transform::flattened || source.transform == Transform::windows;
    const bool flattened = deeper && source.entry->shape.count() == rows * std::max<Index>(inputs, 1) &&
                           (inputs == 0 || (source.entry->shape.rank() > 2 && source.entry->shape[0] == rows));
    if (flattened) continue;
    source.expect_shape(inputs == 0                                 ? Shape{rows}
                        : source.transform == Transform::transposed ? Shape{inputs, rows}
                                                                    : Shape{rows, inputs});
  }
  return result;
}

/// The type a piece is packed in: what the caller asked for, narrowed by what its rows allow.
HEADFORMER_COLD inline DType target_dtype(Binder& binder, const MatrixPiece& piece, Index inputs) {
  const DType stored = piece.source.entry->dtype;
  const auto asked = binder.options().weights.dtype();
  DType target = asked.value_or(stored);
  if (!asked && (stored == DType::f8_e4m3 || stored == DType::f8_e5m2))
    target = DType::bf16;  // exact: fewer exponent and mantissa bits
  if (!asked && stored == DType::f64) target = DType::f32;
  const auto divides = [&](DType dtype) { return inputs % static_cast<Index>(block_length(dtype)) == 0; };
  if (!divides(target)) {
    const DType fallback = divides(DType::q8_0) ? DType::q8_0 : DType::f32;
    binder.note(piece.source.name + ": rows of " + std::to_string(inputs) + " are no multiple of " +
                std::to_string(block_length(target)) + ": " + std::string(name_of(target)) + " replaced by " +
                std::string(name_of(fallback)));
    target = fallback;
  }
  return target;
}

/// [in, columns] -> rows [rows, in] of a piece, in the stored type (plain types only), block by block for the cache.
inline std::shared_ptr<std::byte> transpose(Executor& executor, const MatrixPiece& piece, Index inputs) {
  const DType dtype = piece.source.entry->dtype;
  if (is_quantised(dtype)) piece.source.fail("a plain dtype for a transposed matrix", std::string(name_of(dtype)));
  const std::size_t width = block_bytes(dtype);
  const Index columns = piece.source.entry->shape[1];
  const std::byte* stored = piece.source.entry->bytes.data();
  // Mapped like packed memory: what is as large goes back to the system and not to the heap.
  std::shared_ptr<std::byte> result =
      kernels::detail::allocate_packed(static_cast<std::size_t>(piece.rows * inputs) * width);
  constexpr Index block = 32;
  parallel_for(executor, piece.rows, block, [&](Index begin, Index end) {
    for (Index r0 = begin; r0 < end; r0 += block) {
      for (Index k0 = 0; k0 < inputs; k0 += block) {
        for (Index k = k0; k < std::min(k0 + block, inputs); ++k) {
          for (Index r = r0; r < std::min(r0 + block, end); ++r) {
            std::memcpy(result.get() + static_cast<std::size_t>(r * inputs + k) * width,
                        stored + static_cast<std::size_t>(k * columns + piece.first + r) * width, width);
          }
        }
      }
    }
  });
  return result;
}

/// A stored row [in, taps] of a convolution as [taps, in]. Shapes: from, to [in * taps] elements of `width` bytes.
inline void taps_first(const std::byte* from, Index inputs, Index taps, std::size_t width, std::byte* to) {
  for (Index tap = 0; tap < taps; ++tap) {
    for (Index i = 0; i < inputs; ++i, to += width)
      std::memcpy(to, from + static_cast<std::size_t>(i * taps + tap) * width, width);
  }
}

/// Rows come in ascending order to each worker: every few megabytes, what lies behind `row` stops being resident beside
/// its packed form. Not the last rows, which are still being read; and again a little of what went before, as a read
/// maps up to a whole huge page around itself.
inline void release_behind(const Bytes& bytes, Index row, std::size_t row_bytes) {
  constexpr std::size_t piece = std::size_t{4} << 20;
  constexpr std::size_t again = std::size_t{4} << 20;
  constexpr Index still_read = 256;
  const Index rows = std::max<Index>(still_read, static_cast<Index>(piece / row_bytes));
  if (row % rows != rows - 1 || row < still_read) return;
  const std::size_t end = static_cast<std::size_t>(row + 1 - still_read) * row_bytes;
  const std::size_t begin = end - std::min(end, static_cast<std::size_t>(rows) * row_bytes + again);
  bytes.release_pages(begin, end - begin);
}

/// A matrix's place in the packed cache: all that its packed bytes depend on.
HEADFORMER_COLD inline PackedCache::Key cache_key(Binder& binder, std::span<const MatrixPiece> run, Index outputs,
                                                  Index inputs) {
  PackedCache::Key key{run.front().source.name, 0, run.front().target, outputs, inputs};
  std::vector<std::uint64_t> made_of{HEADFORMER_VERSION, kernels::detail::packed_order};
  const auto add = [&](auto... values) { (made_of.push_back(static_cast<std::uint64_t>(values)), ...); };
  add(key.dtype, outputs, inputs);
  for (const MatrixPiece& piece : run) {
    const TensorEntry& entry = *piece.source.entry;
    add(entry.dtype, piece.source.transform, piece.first, piece.rows, piece.head_width, binder.content_hash(entry));
    for (const Index size : entry.shape) add(size);
  }
  key.hash = ContentHash::of(std::as_bytes(std::span(made_of)));
  return key;
}

/// Packs pieces of one target type into one matrix, one after another; each piece's file pages are released as soon as
/// they are packed.
inline kernels::PackedMatrix pack_run(Binder& binder, std::span<const MatrixPiece> run, Index outputs, Index inputs) {
  const DType target = run.front().target;
  std::vector<std::shared_ptr<std::byte>> transposed(run.size());
  for (std::size_t i = 0; i < run.size(); ++i) {
    if (run[i].source.transform == Transform::transposed) transposed[i] = transpose(binder.executor(), run[i], inputs);
  }
  for (std::size_t i = 0; i < run.size(); ++i) {
    const Bytes& bytes = run[i].source.entry->bytes;
    if (transposed[i]) bytes.release_pages(0, bytes.size());
  }
  const auto stored_bytes = [&](const MatrixPiece& piece) {
    return row_bytes(piece.source.entry->dtype, static_cast<std::size_t>(inputs));
  };
  const auto row = [&](Index r, std::byte* buffer) -> const std::byte* {
    std::size_t i = 0;
    for (; r >= run[i].rows; ++i) r -= run[i].rows;
    const MatrixPiece& piece = run[i];
    const TensorEntry& entry = *piece.source.entry;
    const std::byte* stored =
        transposed[i]
            ? transposed[i].get() + static_cast<std::size_t>(r) * stored_bytes(piece)
            : entry.bytes.data() + static_cast<std::size_t>(piece.first + piece.stored_row(r)) * stored_bytes(piece);
    if (!transposed[i]) release_behind(entry.bytes, piece.first + r, stored_bytes(piece));
    std::vector<std::byte> turned;
    if (piece.source.transform == Transform::windows && entry.shape.rank() > 2) {
      if (is_quantised(entry.dtype))
        piece.source.fail("a plain dtype for a convolution", std::string(name_of(entry.dtype)));
      turned.resize(stored_bytes(piece));
      std::byte* const to = entry.dtype == target ? buffer : turned.data();
      taps_first(stored, entry.shape[1], inputs / entry.shape[1], block_bytes(entry.dtype), to);
      stored = to;
    }
    if (entry.dtype == target) return stored;
    std::vector<float> widened(static_cast<std::size_t>(inputs));
    kernels::dequantise_row(entry.dtype, stored, inputs, widened.data());
    try {
      kernels::quantise_row(target, widened.data(), inputs, buffer);
    } catch (const ArgumentError& error) {  // a value that the type cannot hold
      throw WeightError(entry.bytes.name() + ": tensor " + detail::quoted(entry.name) + " (" + piece.source.name +
                        "): " + error.what());
    }
    return buffer;
  };
  kernels::PackedMatrix matrix = kernels::PackedMatrix::pack(binder.executor(), target, outputs, inputs, row);
  for (const MatrixPiece& piece : run) {
    if (piece.source.transform == Transform::transposed) continue;
    const std::size_t width = stored_bytes(piece);
    piece.source.entry->bytes.release_pages(static_cast<std::size_t>(piece.first) * width,
                                            static_cast<std::size_t>(piece.rows) * width);
  }
  return matrix;
}

/// Pieces of one target type as one matrix: from the packed cache where it has them, packed otherwise.
inline kernels::PackedMatrix pack_pieces(Binder& binder, std::span<const MatrixPiece> run, Index inputs) {
  Index outputs = 0;
  for (const MatrixPiece& piece : run) outputs += piece.rows;
  binder.add_packed(run.front().target, outputs, inputs);
  for (const MatrixPiece& piece : run) binder.take(*piece.source.entry);
  if (binder.measuring()) return {};
  PackedCache* const cache = binder.packed_cache();
  if (cache == nullptr) return pack_run(binder, run, outputs, inputs);

  const PackedCache::Key key = cache_key(binder, run, outputs, inputs);
  std::optional<kernels::PackedMatrix> kept = cache->find(binder.executor(), key);
  if (kept) binder.add_cached(kept->bytes());
  kernels::PackedMatrix matrix = kept ? *kept : pack_run(binder, run, outputs, inputs);
  cache->add(key, matrix, kept.has_value());
  return matrix;
}

}  // namespace detail
}  // namespace headformer
