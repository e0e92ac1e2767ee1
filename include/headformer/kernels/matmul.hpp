#pragma once

#include <algorithm>
#include <span>
#include <string>

#include "headformer/core/error.hpp"
#include "headformer/core/executor.hpp"
#include "headformer/core/function_ref.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/kernels/packed_matrix.hpp"
#include "headformer/kernels/targets.hpp"

namespace headformer::kernels {

/// Called with each finished block of a product while it is still in the cache, from the worker that computed it:
/// the block itself (a part of y, which it may change) and where in y it begins. Blocks are disjoint and cover y; how
/// y is cut depends on shapes and threads, so what is done to an element may depend on its place only.
using Epilogue = FunctionRef<void(TensorView<float> block, Index first_row, Index first_column)>;

/// y += bias. Shapes: bias [N].
struct AddBias {
  const float* bias;

  void operator()(TensorView<float> block, Index /*first_row*/, Index first_column) const {
    for (Index row = 0; row < block.rows(); ++row) {
      float* const y = block.row(row);
      for (Index i = 0; i < block.columns(); ++i) y[i] += bias[first_column + i];
    }
  }
};

/// y = residual + y. Shapes: residual [M, N], in memory of its own.
struct AddResidual {
  TensorView<const float> residual;

  void operator()(TensorView<float> block, Index first_row, Index first_column) const {
    for (Index row = 0; row < block.rows(); ++row) {
      float* const y = block.row(row);
      const float* const from = residual.row(first_row + row) + first_column;
      for (Index i = 0; i < block.columns(); ++i) y[i] = from[i] + y[i];
    }
  }
};

/// sum = sum + y, where y is scratch of the caller's: a residual stream updated in place. Shapes: sum [M, N], in memory
/// of its own.
struct AccumulateInto {
  TensorView<float> sum;

  void operator()(TensorView<float> block, Index first_row, Index first_column) const {
    for (Index row = 0; row < block.rows(); ++row) {
      const float* const y = block.row(row);
      float* const to = sum.row(first_row + row) + first_column;
      for (Index i = 0; i < block.columns(); ++i) to[i] += y[i];
    }
  }
};

/// One product of x: y = x * weights^T, then the epilogue if there is one (it must outlive the call).
struct Product {
  const PackedMatrix* weights = nullptr;  ///< [N, K]
  TensorView<float> y;                    ///< [M, N]; may have a row stride
  const Epilogue* epilogue = nullptr;
};

namespace detail {

/// One tile: y[row][j] (+)= sum over k of x[row][k] * weights[k][j].
struct TileArguments {
  const float* x = nullptr;
  Index x_stride = 0;
  const float* weights = nullptr;  ///< [inputs][panel]
  Index panel = 0;
  Index inputs = 0;
  float* y = nullptr;
  Index y_stride = 0;
  bool resume = false;               ///< start from y, not from zero
  const std::byte* ahead = nullptr;  ///< what to prefetch at the first k ...
  Index ahead_step = 0;              ///< ... how far on for each k that follows ...
  Index line_step = 0;               ///< ... and from one cache line of weights to the next inside a k
};

/// Rows of x against one panel.
struct PanelJob {
  DType dtype = DType::f32;
  const std::byte* panel = nullptr;
  const std::byte* next = nullptr;  ///< the panel this worker does after it, or null
  const float* x = nullptr;
  Index x_stride = 0;
  Index rows = 0;
  Index inputs = 0;
  float* y = nullptr;  ///< the panel's first column
  Index y_stride = 0;
  Index columns = 0;  ///< of the panel that exist
  /// Told of rows [begin, end) of the job when they are done; may be null.
  void (*finish)(const void* context, const PanelJob& job, Index begin, Index end) = nullptr;
  const void* context = nullptr;
};

}  // namespace detail
}  // namespace headformer::kernels

#define HEADFORMER_BODY "headformer/kernels/bodies/matmul_tile.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY
#define HEADFORMER_BODY "headformer/kernels/bodies/matmul_panel.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY

namespace headformer::kernels {
namespace detail {

inline void check_product(TensorView<const float> x, const Product& product) {
  if (product.weights == nullptr) throw ArgumentError("matmul: expected weights, found null");
  const PackedMatrix& weights = *product.weights;
  const TensorView<float>& y = product.y;
  if (x.columns() != weights.inputs() || y.rows() != x.rows() || y.columns() != weights.outputs())
    throw ArgumentError("matmul: expected x [M, " + std::to_string(weights.inputs()) + "] and y [M, " +
                        std::to_string(weights.outputs()) + "], found x " + to_string(x.shape()) + " and y " +
                        to_string(y.shape()));
}

/// Where a finished block goes: the caller's epilogue, in y's coordinates.
struct FinishContext {
  const Epilogue* epilogue;
  Index first_row;
  Index first_column;

  static void finish(const void* context, const PanelJob& job, Index begin, Index end) {
    const auto& self = *static_cast<const FinishContext*>(context);
    const TensorView<float> block(job.y + begin * job.y_stride, Shape{end - begin, job.columns}, job.y_stride);
    (*self.epilogue)(block, self.first_row + begin, self.first_column);
  }
};

/// Panels [begin, end) of one product, for rows [first_row, last_row) of x.
inline void multiply_panels(Isa isa, TensorView<const float> x, const Product& product, WorkRange panels,
                            WorkRange rows) {
  const PackedMatrix& weights = *product.weights;
  const Index width = panel_layout(weights.dtype()).outputs;
  for (Index panel = panels.begin; panel < panels.end; ++panel) {
    const Index column = panel * width;
    const FinishContext context{product.epilogue, rows.begin, column};
    PanelJob job;
    job.dtype = weights.dtype();
    job.panel = weights.panel(panel);
    job.next = panel + 1 < panels.end ? weights.panel(panel + 1) : nullptr;
    job.x = x.row(rows.begin);
    job.x_stride = x.row_stride();
    job.rows = rows.end - rows.begin;
    job.inputs = weights.inputs();
    job.y = product.y.row(rows.begin) + column;
    job.y_stride = product.y.row_stride();
    job.columns = std::min(width, weights.outputs() - column);
    if (product.epilogue != nullptr) {
      job.finish = FinishContext::finish;
      job.context = &context;
    }
    HEADFORMER_ON_TARGET(isa, multiply_panel(job));
  }
}

/// The part [begin, end) of all products' columns, counted one product after another; a panel belongs to the part its
/// first column lies in.
inline void multiply_columns(Isa isa, TensorView<const float> x, std::span<const Product> products, WorkRange columns,
                             WorkRange rows) {
  Index first = 0;
  for (const Product& product : products) {
    const PanelLayout layout = panel_layout(product.weights->dtype());
    const Index panels = layout.panels(product.weights->outputs());
    const auto panel_from = [&](Index column) {
      return std::clamp((column - first + layout.outputs - 1) / layout.outputs, Index{0}, panels);
    };
    if (columns.end > first) {
      const Index begin = columns.begin <= first ? 0 : panel_from(columns.begin);
      multiply_panels(isa, x, product, {begin, panel_from(columns.end)}, rows);
    }
    first += panels * layout.outputs;
  }
}

}  // namespace detail

/// Several products of the same activations in one parallel region: y = x * weights^T for each, in f32.
///
/// Every output is one chain of fused multiply-adds over ascending k, so its bits depend on its row of x and its row of
/// weights only: not on M, the other rows, the number of threads or the format. (Targets that fuse agree with each
/// other; the portable one without FMA rounds twice.) Quantised weights give the bits of their dequantised f32 form.
///
/// Shapes: x [M, K] (a row stride is allowed), weights [N, K], y [M, N]. x and the ys do not overlap. Throws
/// ArgumentError when shapes disagree, and what an epilogue throws. Allocates nothing.
inline void matmul(const Compute& compute, TensorView<const float> x, std::span<const Product> products) {
  Index columns = 0;  // padded to whole panels
  for (const Product& product : products) {
    detail::check_product(x, product);
    const detail::PanelLayout layout = detail::panel_layout(product.weights->dtype());
    columns += layout.panels(product.weights->outputs()) * layout.outputs;
  }
  const Index rows = x.rows();
  if (rows == 0 || columns == 0) return;
  // A core does some 100 multiply-adds and reads or expands some 10 weights a nanosecond; under 2 microseconds a fork
  // costs more than it gives.
  const double weights = static_cast<double>(columns) * static_cast<double>(x.columns());
  const double nanoseconds = weights * (static_cast<double>(rows) / 100.0 + 0.1);
  const int workers = compute.executor.size();
  if (workers == 1 || nanoseconds < 2000.0) {
    detail::multiply_columns(compute.isa, x, products, {0, columns}, {0, rows});
    return;
  }
  // Few panels for many workers: rows are split too, in pieces of 64 or more.
  const Index panels = columns / detail::plain_panel;
  const Index wanted = (4 * static_cast<Index>(workers) + panels) / (panels + 1);
  const Index row_parts = std::clamp(wanted, Index{1}, std::max(Index{1}, rows / 64));
  compute.executor.run([&](int worker) {
    // Items are columns, one row part after another; a worker's run may span several parts.
    const Index begin = columns * row_parts * worker / workers;
    const Index end = columns * row_parts * (worker + 1) / workers;
    for (Index part = begin / columns; part < row_parts && part * columns < end; ++part) {
      const WorkRange inside{std::max(begin - part * columns, Index{0}), std::min(end - part * columns, columns)};
      detail::multiply_columns(compute.isa, x, products, inside,
                               {rows * part / row_parts, rows * (part + 1) / row_parts});
    }
  });
}

/// y = x * weights^T. Shapes: x [M, K], weights [N, K], y [M, N]. Throws ArgumentError when they disagree.
inline void matmul(const Compute& compute, TensorView<const float> x, const PackedMatrix& weights,
                   TensorView<float> y) {
  const Product product{&weights, y, nullptr};
  matmul(compute, x, std::span<const Product>(&product, 1));
}

}  // namespace headformer::kernels
