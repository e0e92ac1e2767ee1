#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/kernels/packed_matrix.hpp"
#include "headformer/kernels/packing/expand_panel.hpp"
#include "headformer/kernels/packing/pack_panel.hpp"
#include "headformer/kernels/packing/storage.hpp"

namespace headformer::kernels {

HEADFORMER_INLINE PackedMatrix PackedMatrix::pack(Executor& executor, DType dtype, Index outputs, Index inputs,
                                                  FunctionRef<const std::byte*(Index row, std::byte* buffer)> rows) {
  PackedMatrix result;
  result.dtype_ = dtype;
  result.outputs_ = outputs;
  result.inputs_ = inputs;
  result.bytes_ = packed_bytes(dtype, outputs, inputs);
  const std::shared_ptr<std::byte> memory = detail::allocate_packed(std::max(result.bytes_, std::size_t{64}));
  std::byte* const storage = memory.get();
  result.storage_ = memory;
  parallel_for(executor, detail::panel_layout(dtype).panels(outputs), 1, [&](Index begin, Index end) {
    AlignedArray<std::byte> buffers(row_bytes(dtype, static_cast<std::size_t>(inputs)) *
                                    static_cast<std::size_t>(detail::rows_at_once(dtype)));
    for (Index panel = begin; panel < end; ++panel) result.pack_panel(panel, rows, buffers.data(), storage);
  });
  return result;
}

HEADFORMER_INLINE PackedMatrix PackedMatrix::over(DType dtype, Index outputs, Index inputs,
                                                  std::span<const std::byte> bytes, std::shared_ptr<const void> owner) {
  PackedMatrix result;
  result.dtype_ = dtype;
  result.outputs_ = outputs;
  result.inputs_ = inputs;
  result.bytes_ = packed_bytes(dtype, outputs, inputs);
  if (bytes.size() != result.bytes_)
    throw ArgumentError("packed matrix: expected " + std::to_string(result.bytes_) + " bytes, found " +
                        std::to_string(bytes.size()));
  result.storage_ = std::shared_ptr<const std::byte>(std::move(owner), bytes.data());
  return result;
}

HEADFORMER_INLINE void PackedMatrix::row(Index index, float* out) const {
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

HEADFORMER_INLINE void PackedMatrix::pack_panel(Index index, FunctionRef<const std::byte*(Index, std::byte*)> rows,
                                                std::byte* buffers, std::byte* storage) const {
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
    } else {
      detail::pack_plain_rows(dtype_, sources, group, inputs_, i, to);
    }
  }
}

}  // namespace headformer::kernels
