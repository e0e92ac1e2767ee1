#pragma once

#include <vector>

#include "headformer/core/tensor.hpp"
#include "headformer/core/token_id.hpp"

namespace headformer {

/// Tokens that frames may have meant, and the natural logarithm of the probability of all ways to say them.
struct CtcHypothesis {
  std::vector<TokenId> ids;
  double log_probability = 0;
};

/// The likeliest texts of frames, over all ways to spread them over the frames with blanks between (prefix beam search,
/// Hannun et al. 2014, https://arxiv.org/abs/1408.2873), the best first; as many as `beams`, of which so many are kept
/// after every frame. With beams enough it is exact. Shapes: logits [frames, V]. Throws ArgumentError for no beams, and
/// for a blank outside the vocabulary.
std::vector<CtcHypothesis> ctc_beam_search(TensorView<const float> logits, TokenId blank, Index beams);

/// The id of every frame on the likeliest way to say `ids`, blanks between (Viterbi's). Shapes: logits [frames, V] ->
/// [frames]. Throws ArgumentError where there are too few frames for them.
std::vector<TokenId> ctc_align(TensorView<const float> logits, const std::vector<TokenId>& ids, TokenId blank);

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/preprocess/ctc_beam_search-inl.hpp"
#endif
