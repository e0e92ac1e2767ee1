#pragma once

// Eigen's product, compiled for what the flags allow; its own threads need OpenMP, which comes with oneDNN's.

#include <Eigen/Core>
#include <memory>

#include "product.hpp"

namespace peers {

inline Product eigen_product(const Problem& problem) {
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  struct Operands {
    std::vector<Matrix> weights;
    Matrix x, y;
  };
  auto operands = std::make_shared<Operands>();
  operands->weights.assign(problem.copies, Matrix::Random(problem.outputs, problem.inputs));
  operands->x = Matrix::Random(problem.rows, problem.inputs);
  operands->y.resize(problem.rows, problem.outputs);
  Eigen::setNbThreads(problem.threads);
  return {"eigen", [operands](std::size_t copy) {
            const Matrix& weights = operands->weights[copy];
            if (operands->x.rows() == 1) {
              operands->y.row(0).transpose().noalias() = weights * operands->x.row(0).transpose();
            } else {
              operands->y.noalias() = operands->x * weights.transpose();
            }
          }};
}

}  // namespace peers
