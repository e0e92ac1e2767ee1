#pragma once

#include <cmath>
#include <cstring>
#include <deque>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/kernels/activation.hpp"
#include "headformer/kernels/elementwise.hpp"
#include "headformer/nn/temporal_convolution.hpp"

namespace headformer {

/// A grouped convolution over the rows of a sequence. D width, G groups, K taps.
struct ConvolutionalPositionsConfig {
  Index width = 0;   ///< D
  Index groups = 1;  ///< G; divides D
  Index taps = 1;    ///< K
  kernels::Activation activation = kernels::Activation::gelu;
};

/// What is around a row says where it is: x += activation(convolution(x)) (Baevski et al. 2020,
/// https://arxiv.org/abs/2006.11477), each tap's weights of a learned length (weight normalisation, Salimans and Kingma
/// 2016, https://arxiv.org/abs/1602.07868). Of an even number of taps one more lies before a row than after it.
/// Each group of columns is a product of its own. x [T, D] in place.
struct ConvolutionalPositions {
  ConvolutionalPositionsConfig config;
  std::deque<Linear> groups;  // [D / G, K * D / G] each

  HEADFORMER_COLD ConvolutionalPositions(const ConvolutionalPositionsConfig& c, const Weights& weights) : config(c) {
    const Index each = config.width / config.groups;
    const Tensor<float> direction = weights.table("direction", Shape{config.width, each, config.taps});
    const Tensor<float> length = weights.table("length", Shape{1, 1, config.taps});
    const Tensor<float> bias = weights.vector("bias", config.width);
    if (weights.measuring()) return;
    const std::vector<float> factors = factors_of(direction, length);
    for (Index group = 0; group < config.groups; ++group) {
      const auto row = [&](Index r, std::byte* buffer) -> const std::byte* {
        const float* const from = direction.view().row(group * each + r);
        for (Index tap = 0; tap < config.taps; ++tap) {
          for (Index i = 0; i < each; ++i) {
            const float value = from[i * config.taps + tap] * factors[static_cast<std::size_t>(tap)];
            std::memcpy(buffer + static_cast<std::size_t>(tap * each + i) * sizeof(float), &value, sizeof(float));
          }
        }
        return buffer;
      };
      Tensor<float> own(Shape{each});
      std::copy_n(bias.data() + group * each, each, own.data());
      groups.push_back(Linear::over(
          kernels::PackedMatrix::pack(weights.executor(), DType::f32, each, config.taps * each, row), std::move(own)));
    }
  }

  void operator()(Context& context, TensorView<float> x) const {
    const Index each = config.width / config.groups;
    const kernels::Activate activate{config.activation, context.compute().isa};
    for (const BatchSequence& sequence : context.batch().sequences) {
      Scratch::Frame frame(context.scratch());
      const auto rows = x.slice_rows(sequence.first_row, sequence.first_row + sequence.rows);
      const auto around = frame.take_rows<float>(rows.rows(), config.width);
      for (Index group = 0; group < config.groups; ++group) {
        Scratch::Frame passing(context.scratch());
        const auto own = padded_rows(rows.slice_columns(group * each, (group + 1) * each), config.taps / 2,
                                     config.taps / 2, passing);
        groups[static_cast<std::size_t>(group)](context, windows_of(own, config.taps, 1, rows.rows()),
                                                around.slice_columns(group * each, (group + 1) * each), activate);
      }
      kernels::add(context.compute(), rows, around);
    }
  }

 private:
  /// What each tap's weights are multiplied by: its length over the one they have.
  HEADFORMER_COLD std::vector<float> factors_of(const Tensor<float>& direction, const Tensor<float>& length) const {
    std::vector<double> squares(static_cast<std::size_t>(config.taps));
    for (Index i = 0; i < direction.count(); ++i)
      squares[static_cast<std::size_t>(i % config.taps)] += std::pow(static_cast<double>(direction.data()[i]), 2);
    std::vector<float> result;
    for (std::size_t tap = 0; tap < squares.size(); ++tap)
      result.push_back(static_cast<float>(static_cast<double>(length.data()[tap]) / std::sqrt(squares[tap])));
    return result;
  }
};

}  // namespace headformer
