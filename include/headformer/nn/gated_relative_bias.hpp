#pragma once

#include <cmath>
#include <span>

#include "headformer/core/cold.hpp"
#include "headformer/nn/relative_bias.hpp"

namespace headformer {

/// Position policy: each head's number for the distance from query to key times a gate, which what the layer was given
/// opens query by query (WavLM, Chen et al. 2021, https://arxiv.org/abs/2110.13900).
struct GatedRelativeBias : RelativeBias {
  Tensor<float> gate;         // [2, Dh], of which each sums four of the file's
  float gate_bias[2] = {};    // likewise
  Tensor<float> gate_scales;  // [H]

  HEADFORMER_COLD GatedRelativeBias(const AttentionConfig& config, const Weights& weights, const Linear& projection)
      : RelativeBias(config, weights, projection), gate_scales(weights.vector("gate_scales", config.heads)) {
    const Tensor<float> matrix = (weights / "gate").table("weight", Shape{8, config.head_width});
    const Tensor<float> bias = (weights / "gate").vector("bias", 8);
    if (weights.measuring()) return;
    gate = Tensor<float>(Shape{2, config.head_width});
    for (Index r = 0; r < 8; ++r) {
      gate_bias[r / 4] += bias.data()[r];
      for (Index i = 0; i < config.head_width; ++i) gate.view().row(r / 4)[i] += matrix.view().row(r)[i];
    }
  }

  /// The keys have no bias of their own: padding never comes here.
  void add_bias(Context& context, const AttentionConfig& config, TensorView<const float> x,
                TensorView<const float> queries, TensorView<const float> keys,
                std::span<kernels::AttentionSequence> sequences, Scratch::Frame& frame) const {
    RelativeBias::add_bias(context, config, x, queries, keys, sequences, frame);
    for (kernels::AttentionSequence& sequence : sequences) {
      const auto gated = frame.take<float>(Shape{config.heads, sequence.rows, sequence.keys});
      parallel_for(context.compute().executor, config.heads, 1, [&](Index begin, Index end) {
        for (Index h = begin; h < end; ++h) {
          for (Index r = 0; r < sequence.rows; ++r) {
            const float opened = opening(x.row(sequence.first_row + r) + h * config.head_width, h);
            const float* const from = sequence.bias + h * sequence.bias_head_stride + r * sequence.bias_row_stride;
            float* const to = gated.row(h) + r * sequence.keys;
            for (Index k = 0; k < sequence.keys; ++k) to[k] = opened * from[k];
          }
        }
      });
      sequence.bias = gated.data();
      sequence.bias_head_stride = sequence.rows * sequence.keys;
      sequence.bias_row_stride = sequence.keys;
    }
  }

 private:
  /// sigmoid(a) * (sigmoid(b) * scale - 1) + 2 of a head's part of a row, [Dh].
  float opening(const float* part, Index head) const {
    float open[2];
    for (Index g = 0; g < 2; ++g) {
      float sum = gate_bias[g];
      for (Index i = 0; i < gate.size(1); ++i) sum += gate.view().row(g)[i] * part[i];
      open[g] = 1 / (1 + std::exp(-sum));
    }
    return open[0] * (open[1] * gate_scales.data()[head] - 1) + 2;
  }
};

}  // namespace headformer
