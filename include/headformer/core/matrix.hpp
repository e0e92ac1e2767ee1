#pragma once

#include <Eigen/Core>
#include <type_traits>

#include "headformer/core/tensor.hpp"

/// Tensors as Eigen's matrices. By itself, because Eigen takes longer to compile than everything else that a header
/// about tensors needs.
namespace headformer {

/// A row-major matrix of Eigen's that looks at a view's elements.
template <class T>
using MatrixMap = Eigen::Map<
    std::conditional_t<std::is_const_v<T>,
                       const Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>,
                       Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>,
    Eigen::Unaligned, Eigen::OuterStride<>>;

/// The tensor as a matrix [rows, columns]; free. The elements must outlive it.
template <class T>
MatrixMap<T> as_matrix(TensorView<T> view) {
  return MatrixMap<T>(view.data(), view.rows(), view.columns(), Eigen::OuterStride<>(view.row_stride()));
}

}  // namespace headformer
