#pragma once

#include <algorithm>
#include <cstddef>

#include "headformer/core/error.hpp"
#include "headformer/kernels/matmul.hpp"
#include "headformer/models/workspace.hpp"

namespace headformer::detail {

/// How documents answer one query: the sum over its vectors of the greatest product with one of the document's
/// (Khattab and Zaharia 2020, https://arxiv.org/abs/2004.12832), or that sum's mean.
class MaxSim {
 public:
  /// Shapes: query [Q, D], Q may be 0. Holds no view of it; the workspace must outlive it.
  MaxSim(Workspace& workspace, TensorView<const float> query, bool mean) : workspace_(workspace), mean_(mean) {
    if (query.rows() == 0) return;
    const auto row = [&](Index r, std::byte*) { return reinterpret_cast<const std::byte*>(query.row(r)); };
    query_ = kernels::PackedMatrix::pack(*workspace.executor, DType::f32, query.rows(), query.columns(), row);
  }

  /// A document without vectors is worse than any other, as in the reference. Shapes: document [N, D].
  float operator()(TensorView<const float> document) const {
    constexpr double worst = -1e9;
    double sum = document.rows() == 0 ? worst : 0;
    if (query_.outputs() > 0 && document.rows() > 0) {
      Scratch::Frame frame(workspace_.scratch);
      const auto products = frame.take_rows<float>(document.rows(), query_.outputs());
      const Compute compute{*workspace_.executor, workspace_.isa, Activations::f32};
      kernels::matmul(compute, document, query_, products, workspace_.scratch);
      for (Index q = 0; q < query_.outputs(); ++q) {
        float greatest = products.row(0)[q];
        for (Index d = 1; d < document.rows(); ++d) greatest = std::max(greatest, products.row(d)[q]);
        sum += greatest;
      }
    }
    if (mean_) sum /= static_cast<double>(std::max<Index>(query_.outputs(), 1));
    return static_cast<float>(sum);
  }

 private:
  Workspace& workspace_;
  kernels::PackedMatrix query_;  // [Q, D]
  bool mean_;
};

}  // namespace headformer::detail
