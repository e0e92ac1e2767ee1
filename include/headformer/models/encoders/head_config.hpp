#pragma once

#include <optional>

#include "headformer/core/tensor.hpp"
#include "headformer/core/token_id.hpp"
#include "headformer/kernels/activation_kind.hpp"
#include "headformer/nn/norm_config.hpp"

namespace headformer {

/// What a class puts on top of the encoder.
enum class EncoderTask {
  base,  ///< the hidden states themselves
  masked_lm,
  pre_training,  ///< masked LM and next sentence (or sentence order)
  next_sentence,
  sequence_classification,
  multiple_choice,
  token_classification,
  question_answering,
  replaced_token_detection,  ///< ELECTRA's discriminator
  projection,                ///< the hidden states, and a vector in the space that pictures share
  shared_space,              ///< that vector alone
};

/// Which row of a sequence a head looks at.
enum class Pooling {
  first,
  last,
  last_not_padding,  ///< the last whose id is not the padding's, seen by attention or not; of embeddings the last
  mean,
  marked,             ///< of the token that stands for a whole text (CLIP)
  second,             ///< DeiT's distillation token
  first_two,          ///< the mean of the first two rows (AST)
  patches,            ///< the mean of the rows that are a picture's patches
  first_and_patches,  ///< the first row, and beside it the mean of the patches
};

/// norm(activation(dense(x))), before a head's own matrix.
struct TransformConfig {
  Index width = 0;  ///< of dense's outputs; 0: the class has none
  kernels::Activation activation = kernels::Activation::tanh;
  bool bias = true;
  NormConfig norm = {};  ///< of transforms that have one
  Pooling pooling = Pooling::first;
  std::optional<TokenId> padding_id = {};  ///< of Pooling::last_not_padding; none: no id is padding
  std::optional<TokenId> marked = {};      ///< of Pooling::marked; none: the greatest id
};

/// What a family's heads are made from; which of them a class has is its task.
struct HeadsConfig {
  Index labels = 2;
  TransformConfig pooler;  ///< of the base model and of the next sentence
  TransformConfig classifier;
  TransformConfig choice;
  TransformConfig tokens;  ///< of token classification and question answering
  TransformConfig discriminator;
  TransformConfig masked_lm;
  Index projected = 0;                                   ///< width of the space that pictures share
  bool output_bias = true;                               ///< of the head over the vocabulary
  bool classifier_bias = true;                           ///< of the classifier's own matrix
  const char* order_logits = "seq_relationship_logits";  ///< what pre-training calls its second output
  Index order_labels = 2;
};

}  // namespace headformer
