#pragma once

#include <string>
#include <vector>

#include "headformer/blocks/layer_config.hpp"
#include "headformer/models/position_numbering.hpp"

namespace headformer {

/// What a decoder language model is made from. V vocabulary, D width.
struct CausalLmConfig {
  std::string family;
  Index vocabulary = 0;         ///< V
  Index width = 0;              ///< D
  Index context_length = 0;     ///< positions it was made for
  Index learned_positions = 0;  ///< rows of a table, which no sequence may pass; 0: none
  Index skipped_positions = 0;  ///< rows of that table before position 0
  Numbering numbering;          ///< of rows whose positions are not given
  float embedding_scale = 1;
  bool looks_back = true;  ///< false: to both sides, which makes it an encoder
  bool has_output = true;  ///< a head over the vocabulary; without, only hidden states come out
  bool tied_output = false;
  bool output_bias = false;
  float output_scale = 1;                   ///< of what the head is given
  float logits_soft_cap = 0;                ///< 0: none
  bool restarts_with_long_factors = false;  ///< longrope: a sequence that outgrows the short factors is computed again
  NormConfig norm;
  std::vector<LayerConfig> layers;
};

}  // namespace headformer
