#pragma once

#include <string>
#include <vector>

#include "headformer/blocks/layer_config.hpp"

namespace headformer {

/// What a decoder language model is made from. V vocabulary, D width.
struct CausalLmConfig {
  std::string family;
  Index vocabulary = 0;         ///< V
  Index width = 0;              ///< D
  Index context_length = 0;     ///< positions it was made for
  Index learned_positions = 0;  ///< rows of a learned table, which no sequence may pass; 0: none
  float embedding_scale = 1;
  bool tied_output = false;
  bool output_bias = false;
  float logits_soft_cap = 0;                ///< 0: none
  bool restarts_with_long_factors = false;  ///< longrope: a sequence that outgrows the short factors is computed again
  NormConfig norm;
  std::vector<LayerConfig> layers;
};

}  // namespace headformer
