#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/kernels/matmul.hpp"
#include "headformer/nn/context.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

/// A fused projection is one Linear with several parts side by side in its outputs.
struct LinearConfig {
  Index inputs = 0;
  std::vector<MatrixPart> parts;
  bool bias = false;
};

/// y = x W^T + b, over packed weights of any type. x [T, in] -> y [T, out].
class Linear {
 public:
  HEADFORMER_COLD Linear(const LinearConfig& config, const Weights& weights)
      : matrices_(weights.matrices(config.parts, config.inputs)), parts_(config.parts) {
    if (config.bias) bias_ = weights.bias(config.parts);
    for (const MatrixPart& part : parts_) outputs_ += part.outputs;
  }

  /// A head that uses the embedding's table, packed once for both. Shapes: table [V, D], bias [V] or none.
  static Linear tied(const kernels::PackedMatrix& table, Tensor<float> bias = {}) {
    return over(table, std::move(bias));
  }
  /// With a matrix that was made otherwise. Shapes: matrix [out, in], bias [out] or none.
  static Linear over(kernels::PackedMatrix matrix, Tensor<float> bias = {}) {
    Linear linear;
    linear.outputs_ = matrix.outputs();
    linear.matrices_.push_back(std::move(matrix));
    linear.bias_ = std::move(bias);
    return linear;
  }

  Index outputs() const { return outputs_; }
  /// Name and output range of what is fused here.
  const std::vector<MatrixPart>& parts() const { return parts_; }

  /// y = x W^T + b.
  void operator()(Context& context, TensorView<const float> x, TensorView<float> y) const {
    multiply(context, x, y, nullptr, false);
  }
  /// The same, then `after` on each finished block of y.
  void operator()(Context& context, TensorView<const float> x, TensorView<float> y,
                  const kernels::Epilogue& after) const {
    multiply(context, x, y, &after, false);
  }
  /// sum += x W^T + b. Shapes: sum [T, out].
  void add(Context& context, TensorView<const float> x, TensorView<float> sum) const {
    multiply(context, x, sum, nullptr, true);
  }

 private:
  Linear() = default;

  /// `after` for a block of one matrix's outputs, which begin at `column` of y.
  struct Moved {
    const kernels::Epilogue* after = nullptr;
    Index column = 0;

    void operator()(TensorView<float> block, Index first_row, Index first_column) const {
      (*after)(block, first_row, column + first_column);
    }
  };

  void multiply(Context& context, TensorView<const float> x, TensorView<float> y, const kernels::Epilogue* after,
                bool accumulate) const {
    // Almost always one matrix, at most a few: nothing is allocated for them.
    constexpr std::size_t at_once = 4;
    Index column = 0;
    for (std::size_t first = 0; first < matrices_.size(); first += at_once) {
      const std::size_t count = std::min(at_once, matrices_.size() - first);
      std::array<Moved, at_once> moved;
      std::array<std::optional<kernels::Epilogue>, at_once> epilogues;
      std::array<kernels::Product, at_once> products;
      for (std::size_t i = 0; i < count; ++i) {
        const kernels::PackedMatrix& matrix = matrices_[first + i];
        kernels::Product& product = products[i];
        product.weights = &matrix;
        product.y = y.slice_columns(column, column + matrix.outputs());
        product.accumulate = accumulate;
        if (bias_.data() != nullptr) product.bias = bias_.data() + column;
        if (after != nullptr && column == 0) {
          product.epilogue = after;
        } else if (after != nullptr) {
          moved[i] = {after, column};
          product.epilogue = &epilogues[i].emplace(moved[i]);
        }
        column += matrix.outputs();
      }
      kernels::matmul(context.compute(), x, std::span<const kernels::Product>(products.data(), count),
                      context.scratch());
    }
  }

  std::vector<kernels::PackedMatrix> matrices_;  // [out, in], one for each run of parts of one type
  Tensor<float> bias_;                           // [out]
  std::vector<MatrixPart> parts_;
  Index outputs_ = 0;
};

}  // namespace headformer
