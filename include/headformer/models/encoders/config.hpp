#pragma once

#include <string>
#include <vector>

#include "headformer/blocks/layer_config.hpp"
#include "headformer/core/token_id.hpp"
#include "headformer/models/encoders/head_config.hpp"
#include "headformer/models/position_numbering.hpp"

namespace headformer {

/// What an encoder is made from. V vocabulary, E width of the embeddings, D width of the layers.
struct EncoderConfig {
  std::string family;
  EncoderTask task = EncoderTask::base;
  Index vocabulary = 0;       ///< V
  Index embedding_width = 0;  ///< E
  Index width = 0;            ///< D
  Index context_length = 0;   ///< positions it was made for
  float embedding_scale = 1;
  Index learned_positions = 0;    ///< rows of a table, which no position may pass; 0: none
  Index skipped_positions = 0;    ///< rows of that table before position 0
  Index token_types = 0;          ///< rows of their table; 0: none
  bool takes_token_types = true;  ///< false: an input of that name is refused, where otherwise it may say nothing
  PositionNumbering numbering = PositionNumbering::columns;
  TokenId padding_id = 0;
  bool projects_embeddings = false;  ///< a matrix leads from E to D
  bool projection_bias = true;
  bool tied_output = true;          ///< a head over the vocabulary uses the embeddings' table
  bool gated_feed_forward = false;  ///< T5's layers have a gate, or have none
  bool looks_back = false;          ///< causal: the reference's is_decoder
  bool counts_columns = false;  ///< windows or relative positions: masked columns inside a sequence keep their places
  NormConfig norm;              ///< of the embeddings, and at the end where there is one
  std::vector<LayerConfig> layers;
  HeadsConfig heads;
};

}  // namespace headformer
