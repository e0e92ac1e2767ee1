#pragma once

#include <vector>

#include "headformer/core/tensor.hpp"
#include "headformer/kernels/activation_kind.hpp"

namespace headformer {

/// What becomes of the class token where a picture's rows become a map.
enum class Readout {
  ignore,
  add,      ///< it is added to every place
  project,  ///< beside every place, through a matrix and an activation
};

/// What predicts something of every place from several layers' hidden states (DPT, Ranftl et al. 2021,
/// https://arxiv.org/abs/2103.13413).
struct DensePredictionConfig {
  std::vector<Index> taps;  ///< whose results are looked at, ascending; 0: the embeddings, i + 1: layer i
  bool normed = false;      ///< through the last norm
  Readout readout = Readout::project;
  kernels::Activation readout_activation = kernels::Activation::gelu;
  std::vector<double> factors;  ///< of the size of each one's map; below 1: 1 / a stride
  std::vector<Index> widths;    ///< of each one's map
  Index fused = 0;              ///< width of the maps that are fused
  bool batch_norm = false;      ///< in the residual units
  bool residual_bias = true;
  bool sized = false;         ///< a fused map gets the next one's size; otherwise twice its own
  std::size_t looked_at = 0;  ///< which of the fused maps the head looks at
  bool projection = false;    ///< the head begins with one more convolution
  Index head_width = 32;      ///< before depth's last matrix
  kernels::Activation depth = kernels::Activation::relu;
  float greatest = 1;  ///< what the depth is multiplied by
};

}  // namespace headformer
