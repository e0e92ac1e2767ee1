#pragma once

// OpenBLAS, which packs its operands at every call. OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE in the environment would
// hold it back; it reads them when it is loaded, before main().

#include <cblas.h>

#include <memory>

#include "product.hpp"

namespace peers {

inline Product openblas_product(const Problem& problem) {
  struct Operands {
    std::vector<std::vector<float>> weights;
    std::vector<float> x, y;
  };
  auto operands = std::make_shared<Operands>();
  operands->weights.assign(problem.copies, random_floats(problem.outputs * problem.inputs));
  operands->x = random_floats(problem.rows * problem.inputs);
  operands->y.resize(static_cast<std::size_t>(problem.rows * problem.outputs));
  openblas_set_num_threads(problem.threads);
  const auto rows = static_cast<blasint>(problem.rows);
  const auto inputs = static_cast<blasint>(problem.inputs);
  const auto outputs = static_cast<blasint>(problem.outputs);
  return {"openblas", [=](std::size_t copy) {
            const float* weights = operands->weights[copy].data();
            if (rows == 1) {
              cblas_sgemv(CblasRowMajor, CblasNoTrans, outputs, inputs, 1.0F, weights, inputs, operands->x.data(), 1,
                          0.0F, operands->y.data(), 1);
            } else {
              cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, outputs, inputs, 1.0F, operands->x.data(),
                          inputs, weights, inputs, 0.0F, operands->y.data(), outputs);
            }
          }};
}

}  // namespace peers
