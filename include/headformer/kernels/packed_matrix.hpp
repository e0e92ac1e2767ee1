#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>

#include "headformer/core/error.hpp"
#include "headformer/core/executor.hpp"
#include "headformer/core/function_ref.hpp"
#include "headformer/kernels/packing/expand_panel.hpp"
#include "headformer/kernels/packing/pack_panel.hpp"
#include "headformer/kernels/packing/panel_layout.hpp"
#include "headformer/kernels/packing/storage.hpp"

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
                           FunctionRef<const std::byte*(Index row, std::byte* buffer)> rows) {
    PackedMatrix result;
    result.dtype_ = dtype;
    result.outputs_ = outputs;
    result.inputs_ = inputs;
    result.bytes_ = packed_bytes(dtype, outputs, inputs);
    result.storage_ = detail::allocate_packed(std::max(result.bytes_, std::size_t{64}));
    std::byte* const storage = result.storage_.get();
    parallel_for(executor, detail::panel_layout(dtype).panels(outputs), 1, [&](Index begin, Index end) {
      AlignedArray<std::byte> buffers(row_bytes(dtype, static_cast<std::size_t>(inputs)) *
                                      static_cast<std::size_t>(detail::rows_at_once(dtype)));
      for (Index panel = begin; panel < end; ++panel) result.pack_panel(panel, rows, buffers.data(), storage);
    });
    return result;
  }

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

  /// One row as f32, exactly what dequantising the file's row gives (an embedding's lookup in tied weights).
  /// Shapes: out [K]. Throws ArgumentError for a row that is not there.
  void row(Index index, float* out) const {
    if (index < 0 || index >= outputs_)
      throw ArgumentError("packed matrix: row " + std::to_string(index) + " of " + std::to_string(outputs_));
    constexpr Index lanes = portable::width;
    constexpr Index inputs_at_once = 256;
    const Index panel_outputs = detail::panel_layout(dtype_).outputs;
    const Index lane = index % panel_outputs;
    float block[inputs_at_once * lanes];
    for (Index k = 0; k < inputs_; k += inputs_at_once) {
      const Index count = std::min(inputs_at_once, inputs_ - k);
      portable::expand_panel(dtype_, panel(index / panel_outputs), k, count, lane / lanes * lanes, lanes, block);
      for (Index i = 0; i < count; ++i) out[k + i] = block[i * lanes + lane % lanes];
    }
  }

  /// For kernels: a panel of panel_layout(dtype()).outputs outputs.
  const std::byte* panel(Index index) const {
    return storage_.get() + static_cast<std::size_t>(index) * detail::panel_layout(dtype_).panel_bytes(inputs_);
  }

 private:
  void pack_panel(Index index, FunctionRef<const std::byte*(Index, std::byte*)> rows, std::byte* buffers,
                  std::byte* storage) const {
    const detail::PanelLayout layout = detail::panel_layout(dtype_);
    const std::size_t panel_bytes = layout.panel_bytes(inputs_);
    std::byte* const to = storage + static_cast<std::size_t>(index) * panel_bytes;
    const Index first = index * layout.outputs;
    const Index count = std::min(layout.outputs, outputs_ - first);
    // What no row fills: the lanes past the last output, and the second k of the last pair.
    if (count < layout.outputs || inputs_ % layout.block != 0) std::memset(to, 0, panel_bytes);
    const std::size_t bytes = row_bytes(dtype_, static_cast<std::size_t>(inputs_));
    const Index at_once = detail::rows_at_once(dtype_);
    for (Index i = 0; i < count; i += at_once) {
      const Index group = std::min(at_once, count - i);
      const std::byte* sources[detail::quantised_panel];
      for (Index j = 0; j < group; ++j) sources[j] = rows(first + i + j, buffers + static_cast<std::size_t>(j) * bytes);
      if (is_quantised(dtype_)) {
        detail::pack_quantised_rows(dtype_, sources, group, inputs_, to);
      } else if (dtype_ == DType::f32) {
        detail::pack_plain_rows<std::uint32_t>(sources, group, inputs_, i, false, to);
      } else {
        detail::pack_plain_rows<std::uint16_t>(sources, group, inputs_, i, dtype_ == DType::bf16, to);
      }
    }
  }

  std::shared_ptr<std::byte> storage_;
  std::size_t bytes_ = 0;
  Index outputs_ = 0;
  Index inputs_ = 0;
  DType dtype_ = DType::f32;
};

}  // namespace headformer::kernels
