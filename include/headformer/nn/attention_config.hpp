#pragma once

#include "headformer/core/tensor.hpp"
#include "headformer/nn/norm_config.hpp"
#include "headformer/nn/relative_positions.hpp"
#include "headformer/nn/rotary.hpp"

namespace headformer {

/// H query heads share K key/value heads (Ainslie et al. 2023, https://arxiv.org/abs/2305.13245). A layer's own data:
/// layers of one model may differ in window and rotary base.
struct AttentionConfig {
  Index slot = 0;             ///< where the layer keeps its keys and values
  Index width = 0;            ///< D
  Index heads = 0;            ///< H
  Index key_value_heads = 0;  ///< K; divides H
  Index head_width = 0;       ///< Dh
  float scale = 1;            ///< of the scores, before the soft cap
  float soft_cap = 0;         ///< scores become cap * tanh(scores / cap); 0: none
  Index window = 0;           ///< limits what a query sees, see the masks; 0: all
  bool bias = false;          ///< of the query, key and value projections
  bool key_bias = true;       ///< of the key's, where the others have one
  bool output_bias = false;
  RotaryConfig rotary;
  NormConfig head_norm;
  RelativeBucketConfig relative;    ///< of RelativeBias
  DisentangledConfig disentangled;  ///< of Disentangled
  WindowBiasConfig window_bias;     ///< of WindowBias
  Index reduction = 1;              ///< of ReducedAttention: how many times smaller each way the map of the keys is
};

}  // namespace headformer
