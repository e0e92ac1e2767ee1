#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "headformer/core/error.hpp"
#include "headformer/core/executor.hpp"
#include "headformer/core/function_ref.hpp"
#include "headformer/kernels/packing/panel_layout.hpp"

namespace headformer::kernels {

/// A weight matrix [N outputs, K inputs] in the order the product reads it (packing/panel_layout.hpp), in any of the
/// dtypes f32, f16, bf16 and the quantised ones; no number is changed by packing. Immutable; copies share storage.
class PackedMatrix {
 public:
  PackedMatrix() = default;

  /// Packs a matrix row by row. `rows(r, buffer)` returns the row_bytes(dtype, inputs) bytes of output r as a file
  /// holds them; it may put them into `buffer`, which has that size and lives until the next call with that buffer. It
  /// is called once for every row, from all workers of the executor at the same time, in no order that matters.
  /// Throws ArgumentError for a dtype that is no weight's or rows that the dtype's block does not divide,
  /// std::bad_alloc, and whatever `rows` throws.
  static PackedMatrix pack(Executor& executor, DType dtype, Index outputs, Index inputs,
                           FunctionRef<const std::byte*(Index row, std::byte* buffer)> rows);

  /// A matrix that was packed before: `bytes` are what packed() gave, aligned to detail::panel_alignment; `owner` is
  /// held as long as any copy lives. Throws ArgumentError as pack does and where the number of bytes is another.
  static PackedMatrix over(DType dtype, Index outputs, Index inputs, std::span<const std::byte> bytes,
                           std::shared_ptr<const void> owner);

  /// Exact size of the packed form. Throws ArgumentError as pack does.
  static std::size_t packed_bytes(DType dtype, Index outputs, Index inputs) {
    if (!detail::is_packable(dtype))
      throw ArgumentError("packed matrix: expected a float or quantised dtype, found " + std::string(name_of(dtype)));
    const auto block = static_cast<Index>(block_length(dtype));
    if (outputs < 0 || inputs < 0 || inputs % block != 0)
      throw ArgumentError("packed matrix: expected rows of a multiple of " + std::to_string(block) + " for " +
                          std::string(name_of(dtype)) + ", found [" + std::to_string(outputs) + ", " +
                          std::to_string(inputs) + "]");
    const detail::PanelLayout layout = detail::panel_layout(dtype);
    return static_cast<std::size_t>(layout.panels(outputs)) * layout.panel_bytes(inputs);
  }

  DType dtype() const { return dtype_; }
  /// N.
  Index outputs() const { return outputs_; }
  /// K.
  Index inputs() const { return inputs_; }
  /// Held in memory.
  std::size_t bytes() const { return bytes_; }

  /// All panels.
  std::span<const std::byte> packed() const { return {storage_.get(), bytes_}; }

  /// One row as f32, exactly what dequantising the file's row gives (an embedding's lookup in tied weights).
  /// Shapes: out [K]. Throws ArgumentError for a row that is not there.
  void row(Index index, float* out) const;

  /// For kernels: a panel of panel_layout(dtype()).outputs outputs.
  const std::byte* panel(Index index) const {
    return storage_.get() + static_cast<std::size_t>(index) * detail::panel_layout(dtype_).panel_bytes(inputs_);
  }

 private:
  void pack_panel(Index index, FunctionRef<const std::byte*(Index, std::byte*)> rows, std::byte* buffers,
                  std::byte* storage) const;

  std::shared_ptr<const std::byte> storage_;
  std::size_t bytes_ = 0;
  Index outputs_ = 0;
  Index inputs_ = 0;
  DType dtype_ = DType::f32;
};

}  // namespace headformer::kernels

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/kernels/packed_matrix-inl.hpp"
#endif
