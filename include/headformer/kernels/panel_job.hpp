#pragma once

#include <cstddef>

#include "headformer/core/dtype.hpp"
#include "headformer/core/tensor.hpp"

namespace headformer::kernels::detail {

/// Rows of activations against one panel of packed weights.
struct PanelJob {
  DType dtype = DType::f32;
  const std::byte* panel = nullptr;
  const std::byte* next = nullptr;  ///< the panel this worker does after it, or null
  const float* x = nullptr;
  Index x_stride = 0;
  const std::byte* records = nullptr;  ///< the first row's int8 record, in place of x; see Int8Layout
  Index record_stride = 0;             ///< bytes from a row's record to its next
  Index rows = 0;
  Index inputs = 0;
  float* y = nullptr;  ///< the panel's first column
  Index y_stride = 0;
  Index columns = 0;            ///< of the panel that exist
  const float* bias = nullptr;  ///< [columns] or null
  bool accumulate = false;      ///< onto what y holds
  float* partial = nullptr;     ///< [rows][the panel's width], for sums between blocks of k where y is accumulated onto
  /// Told of rows [begin, end) of the job when they are done; may be null.
  void (*finish)(const void* context, const PanelJob& job, Index begin, Index end) = nullptr;
  const void* context = nullptr;
};

}  // namespace headformer::kernels::detail
