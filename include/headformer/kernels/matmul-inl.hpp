#pragma once

#include <algorithm>
#include <span>
#include <string>

#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/kernels/bf16_rows.hpp"
#include "headformer/kernels/integer_product.hpp"
#include "headformer/kernels/matmul.hpp"
#include "headformer/kernels/panel_job.hpp"
#include "headformer/kernels/targets.hpp"

namespace headformer::kernels {
namespace detail {

/// One tile: y[row][j] (+)= sum over k of x[row][k] * weights[k][j].
struct TileArguments {
  const float* x = nullptr;
  Index x_stride = 0;
  const float* weights = nullptr;  ///< [inputs][panel]
  Index panel = 0;
  Index inputs = 0;
  const float* bias = nullptr;  ///< where sums start, [panel]; null: at zero, or at `from`
  const float* from = nullptr;  ///< sums of earlier k, or null
  Index from_stride = 0;
  float* y = nullptr;
  Index y_stride = 0;
  bool accumulate = false;           ///< onto what y holds, at the end
  const std::byte* ahead = nullptr;  ///< what to prefetch at the first k ...
  Index ahead_step = 0;              ///< ... how far on for each k that follows ...
  Index line_step = 0;               ///< ... and from one cache line of weights to the next inside a k
};

}  // namespace detail
}  // namespace headformer::kernels

#define HEADFORMER_BODY "headformer/kernels/bodies/matmul_tile.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY
#define HEADFORMER_BODY "headformer/kernels/bodies/matmul_panel.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY
#define HEADFORMER_BODY "headformer/kernels/bodies/matmul_formats.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY

#if HEADFORMER_X86
HEADFORMER_BEGIN_AVX512_BF16
namespace headformer::kernels::avx512_bf16 {
using namespace headformer::kernels::avx512;
// clang-format off: each needs the one before it
#include "headformer/kernels/bodies/matmul_tile.inc"
#include "headformer/kernels/bodies/matmul_panel.inc"
#include "headformer/kernels/bodies/matmul_bf16.inc"
// clang-format on
}  // namespace headformer::kernels::avx512_bf16
HEADFORMER_END_TARGET

HEADFORMER_BEGIN_AMX_BF16
namespace headformer::kernels::amx_bf16 {
using namespace headformer::kernels::avx512;
#include "headformer/kernels/bodies/matmul_tiles.inc"
}  // namespace headformer::kernels::amx_bf16
HEADFORMER_END_TARGET
#endif

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

/// The activations of one call in the forms that its products want.
struct ActivationForms {
  TensorView<const float> x;                   ///< rounded to bf16 where products meet that
  TensorView<const std::uint32_t> bf16_pairs;  ///< made where a product asks for it, as the others
  Int8Rows int8[2];                            ///< with sub-blocks of 32 and of 16

  /// Which of the two meets these weights.
  static int int8_form(DType weights) { return integer_format(weights).format.sub_block == int8_block ? 0 : 1; }
};

/// Whether a product with these weights takes its activations as int8.
inline bool takes_int8(Activations activations, DType weights) {
  return is_quantised(weights) && (activations == Activations::int8 || activations == Activations::automatic);
}

/// Whether it takes them as pairs of bf16: products of the processor's own.
inline bool takes_bf16_pairs(const Compute& compute, DType weights) {
  return compute.activations == Activations::bf16 && weights == DType::bf16 && compute.isa >= Isa::avx512_bf16;
}

/// How this call multiplies what the other arguments do not say: tiles need the system's leave.
inline Compute with_allowed_isa(const Compute& compute) {
  Compute allowed = compute;
  if (compute.isa >= Isa::amx_bf16 && !may_use_tiles()) allowed.isa = Isa::avx512_bf16;
  return allowed;
}

#if HEADFORMER_X86
/// While it lives this thread may multiply tiles, if `use`.
class TileScope {
 public:
  explicit TileScope(bool use) : use_(use) {
    if (use_) amx_bf16::begin_tiles();
  }
  ~TileScope() {
    if (use_) amx_bf16::end_tiles();
  }
  TileScope(const TileScope&) = delete;
  TileScope& operator=(const TileScope&) = delete;

 private:
  bool use_;
};
#endif

/// Whether sums lie elsewhere between blocks of k: y must not be touched before the last.
inline bool needs_partial_sums(const Compute& compute, const Product& product) {
  constexpr Index in_one_block = 2048;  // of the formats that are multiplied as they lie
  const DType dtype = product.weights->dtype();
  const bool streamed = dtype == DType::f32 || dtype == DType::bf16;
  return product.accumulate && !takes_int8(compute.activations, dtype) &&
         !(streamed && product.weights->inputs() <= in_one_block);
}

/// Panels of one product, for rows of x that stay in the cache from one panel to the next.
inline void multiply_panels_of_rows(const Compute& compute, const ActivationForms& forms, const Product& product,
                                    WorkRange panels, WorkRange rows, float* partial) {
  const PackedMatrix& weights = *product.weights;
  const Index width = panel_layout(weights.dtype()).outputs;
  const bool int8 = takes_int8(compute.activations, weights.dtype());
#if HEADFORMER_X86
  const bool tiles = takes_bf16_pairs(compute, weights.dtype()) && compute.isa >= Isa::amx_bf16;
  const TileScope scope(tiles);
#endif
  const Int8Rows records = int8 ? forms.int8[ActivationForms::int8_form(weights.dtype())] : Int8Rows();
  for (Index panel = panels.begin; panel < panels.end; ++panel) {
    const Index column = panel * width;
    const FinishContext context{product.epilogue, rows.begin, column};
    PanelJob job;
    job.dtype = weights.dtype();
    job.panel = weights.panel(panel);
    job.next = panel + 1 < panels.end ? weights.panel(panel + 1) : nullptr;
    job.rows = rows.end - rows.begin;
    job.inputs = weights.inputs();
    job.y = product.y.row(rows.begin) + column;
    job.y_stride = product.y.row_stride();
    job.columns = std::min(width, weights.outputs() - column);
    if (product.bias != nullptr) job.bias = product.bias + column;
    job.accumulate = product.accumulate;
    if (needs_partial_sums(compute, product)) job.partial = partial;
    if (product.epilogue != nullptr) {
      job.finish = FinishContext::finish;
      job.context = &context;
    }
    if (int8) {
      job.records = records.record(rows.begin, 0);
      job.record_stride = records.record(rows.begin, 1) - job.records;
      HEADFORMER_ON_INTEGER_TARGET(compute.isa, multiply_integer_panel(job));
#if HEADFORMER_X86
    } else if (takes_bf16_pairs(compute, weights.dtype())) {
      job.x = reinterpret_cast<const float*>(forms.bf16_pairs.row(rows.begin));
      job.x_stride = forms.bf16_pairs.row_stride();
      job.inputs = forms.bf16_pairs.columns();
      tiles ? amx_bf16::multiply_tiles(job) : avx512_bf16::multiply_bf16_panel(job);
#endif
    } else {
      job.x = forms.x.row(rows.begin);
      job.x_stride = forms.x.row_stride();
      HEADFORMER_ON_TARGET(compute.isa, multiply_panel(job));
    }
  }
}

/// Panels of one product, for rows of x. Rows of int8 are taken in groups that fill half of a small L2: every panel
/// would otherwise fetch all of them from further away. (f32 rows have eight times the arithmetic a byte.)
inline void multiply_panels(const Compute& compute, const ActivationForms& forms, const Product& product,
                            WorkRange panels, WorkRange rows, float* partial) {
  const DType dtype = product.weights->dtype();
  if (!takes_int8(compute.activations, dtype))
    return multiply_panels_of_rows(compute, forms, product, panels, rows, partial);
  const Int8Rows& records = forms.int8[ActivationForms::int8_form(dtype)];
  const Index row_bytes = Int8Layout::records(product.weights->inputs()) * records.layout.record_bytes();
  const Index all = rows.end - rows.begin;
  const Index fit = std::clamp<Index>((Index{512} << 10) / std::max<Index>(1, row_bytes), 48, integer_rows_at_once);
  const Index groups = (all + fit - 1) / fit;
  // As equal as multiples of a tile's rows are.
  const Index tiles = (all / std::max<Index>(1, groups) + integer_tile_rows - 1) / integer_tile_rows;
  const Index size = groups < 2 ? all : tiles * integer_tile_rows;
  for (Index begin = rows.begin; begin < rows.end; begin += size) {
    multiply_panels_of_rows(compute, forms, product, panels, {begin, std::min(rows.end, begin + size)}, partial);
  }
}

/// The static partition of several products: panels one after another, weighed by their bytes.
struct ProductShares {
  std::span<const Product> products;

  static Index panels(const Product& product) {
    return panel_layout(product.weights->dtype()).panels(product.weights->outputs());
  }
  static Index panel_bytes(const Product& product) {
    return static_cast<Index>(panel_layout(product.weights->dtype()).panel_bytes(product.weights->inputs()));
  }
  Index bytes() const {
    Index total = 0;
    for (const Product& product : products) total += panels(product) * panel_bytes(product);
    return total;
  }

  /// The part [begin, end) of all bytes, for some rows; a panel belongs to the part its first byte lies in.
  void multiply(const Compute& compute, const ActivationForms& forms, WorkRange part, WorkRange rows,
                float* partial) const {
    Index first = 0;
    for (const Product& product : products) {
      const Index count = panels(product);
      const Index size = std::max<Index>(1, panel_bytes(product));
      const auto panel_from = [&](Index byte) { return std::clamp((byte - first + size - 1) / size, Index{0}, count); };
      if (part.end > first) {
        multiply_panels(compute, forms, product,
                        {part.begin <= first ? 0 : panel_from(part.begin), panel_from(part.end)}, rows, partial);
      }
      first += count * panel_bytes(product);
    }
  }
};

/// The products of all forms, in parallel. Shapes: partial [workers, rows * a panel's width], or none.
inline void multiply_all(const Compute& compute, const ActivationForms& forms, std::span<const Product> products,
                         TensorView<float> partial) {
  const ProductShares shares{products};
  const Index bytes = shares.bytes();
  const Index rows = forms.x.rows();
  if (rows == 0) return;
  if (bytes == 0) {  // no outputs, or no inputs: sums of nothing
    for (const Product& product : products) {
      multiply_panels(compute, forms, product, {0, ProductShares::panels(product)}, {0, rows}, partial.data());
    }
    return;
  }
  // A core reads some 30 bytes and does some 50 multiply-adds a nanosecond; under 2 microseconds a fork costs more than
  // it gives.
  Index outputs = 0;
  for (const Product& product : products) outputs += product.weights->outputs();
  const double work = static_cast<double>(outputs) * static_cast<double>(forms.x.columns()) * static_cast<double>(rows);
  const double nanoseconds = static_cast<double>(bytes) / 30.0 + work / 50.0;
  const int workers = compute.executor.size();
  if (workers == 1 || nanoseconds < 2000.0)
    return shares.multiply(compute, forms, {0, bytes}, {0, rows}, partial.data());
  // Few panels for many workers: rows are split too, in pieces of 64 or more.
  Index panels = 0;
  for (const Product& product : products) panels += ProductShares::panels(product);
  const Index wanted = (4 * static_cast<Index>(workers) + panels) / (panels + 1);
  const Index row_parts = std::clamp(wanted, Index{1}, std::max(Index{1}, rows / 64));
  compute.executor.run([&](int worker) {
    // Items are bytes, one row part after another; a worker's run may span several parts.
    const Index begin = bytes * row_parts * worker / workers;
    const Index end = bytes * row_parts * (worker + 1) / workers;
    for (Index part = begin / bytes; part < row_parts && part * bytes < end; ++part) {
      const WorkRange inside{std::max(begin - part * bytes, Index{0}), std::min(end - part * bytes, bytes)};
      shares.multiply(compute, forms, inside, {rows * part / row_parts, rows * (part + 1) / row_parts},
                      partial.data() == nullptr ? nullptr : partial.row(worker));
    }
  });
}

}  // namespace detail

HEADFORMER_INLINE void matmul(const Compute& compute, TensorView<const float> x, std::span<const Product> products,
                              Scratch& scratch) {
  bool int8[2] = {false, false};
  bool bf16_pairs = false;
  bool rounded = false;
  bool partial_sums = false;
  for (const Product& product : products) {
    detail::check_product(x, product);
    const DType dtype = product.weights->dtype();
    if (detail::takes_int8(compute.activations, dtype)) {
      int8[detail::ActivationForms::int8_form(dtype)] = true;
    } else if (detail::takes_bf16_pairs(compute, dtype)) {
      bf16_pairs = true;
    } else if (compute.activations == Activations::bf16) {
      rounded = true;
    }
    partial_sums |= detail::needs_partial_sums(compute, product);
  }
  Scratch::Frame frame(scratch);
  detail::ActivationForms forms;
  forms.x = rounded ? detail::rounded_to_bf16(compute, x, frame) : x;
#if HEADFORMER_X86
  if (bf16_pairs) forms.bf16_pairs = detail::bf16_pairs(compute, x, frame);
#endif
  for (int i = 0; i < 2; ++i) {
    if (int8[i]) forms.int8[i] = detail::quantise_rows(compute, x, detail::int8_block / (i + 1), frame);
  }
  TensorView<float> partial;
  if (partial_sums)
    partial = frame.take<float>(Shape{compute.executor.size(), std::max<Index>(1, x.rows()) * detail::plain_panel});
  detail::multiply_all(bf16_pairs ? detail::with_allowed_isa(compute) : compute, forms, products, partial);
}

}  // namespace headformer::kernels
