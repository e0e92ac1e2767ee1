#pragma once

#include <string>
#include <string_view>

#include "headformer/core/executor.hpp"

namespace headformer::kernels::detail {

/// A block of a matrix that bodies change in place.
struct ElementRows {
  float* data = nullptr;
  Index stride = 0;
  Index rows = 0;
  Index columns = 0;

  ElementRows() = default;
  explicit ElementRows(TensorView<float> y)
      : data(y.data()), stride(y.row_stride()), rows(y.rows()), columns(y.columns()) {}
};

/// A block y = f(gate) * up, `up` null for y = f(gate).
struct GatedRows {
  ElementRows y;
  const float* gate = nullptr;
  Index gate_stride = 0;
  const float* up = nullptr;
  Index up_stride = 0;

  /// y = f(y).
  explicit GatedRows(TensorView<float> rows) : y(rows), gate(rows.data()), gate_stride(rows.row_stride()) {}
  GatedRows(TensorView<float> rows, TensorView<const float> gates, TensorView<const float> ups)
      : y(rows), gate(gates.data()), gate_stride(gates.row_stride()), up(ups.data()), up_stride(ups.row_stride()) {}
};

/// Rows a thread takes at least, so that a part is worth waking a worker for.
inline Index row_grain(Index columns) { return std::max<Index>(1, 8192 / std::max<Index>(1, columns)); }

/// Throws ArgumentError unless both tensors are matrices of the same size (inner dimensions taken together).
template <class A, class B>
void require_same_size(std::string_view kernel, const TensorView<A>& a, const TensorView<B>& b) {
  if (a.rows() != b.rows() || a.columns() != b.columns())
    throw ArgumentError(std::string(kernel) + ": expected two tensors of one size, found " + to_string(a.shape()) +
                        " and " + to_string(b.shape()));
}

/// Size of the innermost dimension.
template <class T>
Index last_size(const TensorView<T>& x) {
  return x.rank() == 0 ? 1 : x.size(x.rank() - 1);
}

}  // namespace headformer::kernels::detail
