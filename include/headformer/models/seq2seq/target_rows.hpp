#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "headformer/models/causal_lm/causal_language_model.hpp"
#include "headformer/models/sequence_rows.hpp"

namespace headformer::detail {

/// What the inputs of a decoder over a source are called.
inline SequenceNames decoder_names(std::string positions = "") {
  return {"decoder_input_ids", "decoder_inputs_embeds", "decoder_attention_mask", std::move(positions), ""};
}

/// A decoder's row, of which all that is left gets an output. The row and positions outlive the result.
inline SequenceInput whole_row(SequenceState& state, const SequenceRow& row, std::span<const std::int32_t> positions) {
  SequenceInput input;
  input.state = &state;
  input.ids = row.ids;
  input.embeddings = row.embeddings.view();
  input.positions = positions;
  input.logits = LogitRows::all;
  input.key_bias = row.key_bias;
  return input;
}

}  // namespace headformer::detail
